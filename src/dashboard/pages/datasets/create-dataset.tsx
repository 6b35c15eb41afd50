import { Button, Modal, Stack, Textarea, TextInput } from '@mantine/core'
import { useNavigate } from '@tanstack/react-router'
import { type FormEvent, useState } from 'react'
import { useMutation } from 'urql'
import { problemOf } from '../../data/mutate.ts'
import { graphql } from '../../gql/gql.ts'

const createDataset = graphql(`
  mutation CreateDataset($input: CreateDatasetInput!) {
    createDataset(input: $input) {
      __typename
      ... on CreateDatasetPayload { dataset { id name } }
      ... on UserError { message path }
    }
  }
`)

interface Props {
  opened: boolean
  onClose: () => void
  /** The folder that is suggested. */
  folder: string
}

export function CreateDataset({ opened, onClose, folder }: Props) {
  return (
    <Modal opened={opened} onClose={onClose} title="New dataset">
      <Form folder={folder} />
    </Modal>
  )
}

function Form({ folder }: { folder: string }) {
  const [creating, create] = useMutation(createDataset)
  const navigate = useNavigate()
  const [name, setName] = useState(folder === '' ? '' : `${folder}/`)
  const [description, setDescription] = useState('')
  const [problem, setProblem] = useState<string | null>(null)

  async function submit(event: FormEvent) {
    event.preventDefault()
    const result = await create({ input: { name: name.trim(), description: description.trim() || null } })
    setProblem(problemOf(result)?.message ?? null)
    const made = result.data?.createDataset
    if (made?.__typename === 'CreateDatasetPayload') {
      await navigate({ to: '/datasets/$datasetId', params: { datasetId: made.dataset.id } })
    }
  }

  return (
    <form onSubmit={submit}>
      <Stack>
        <TextInput
          label="Name"
          description="A / makes folders: support/questions"
          value={name}
          onChange={(event) => setName(event.currentTarget.value)}
          error={problem}
          required
          withAsterisk={false}
          data-autofocus
        />
        <Textarea
          label="What it is for"
          value={description}
          onChange={(event) => setDescription(event.currentTarget.value)}
          autosize
          minRows={2}
        />
        <Button type="submit" loading={creating.fetching}>
          Create
        </Button>
      </Stack>
    </form>
  )
}
