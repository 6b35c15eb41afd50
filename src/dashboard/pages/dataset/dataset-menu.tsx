/** What is seldom done with a dataset: rename, describe, delete. */
import { ActionIcon, Button, Menu, Modal, Stack, Text, Textarea, TextInput } from '@mantine/core'
import { useDisclosure } from '@mantine/hooks'
import { IconDotsVertical, IconPencil, IconTrash } from '@tabler/icons-react'
import { useNavigate } from '@tanstack/react-router'
import { type FormEvent, useState } from 'react'
import { useMutation } from 'urql'
import { plural } from '../../components/number-format.ts'
import { notifyOf, problemOf } from '../../data/mutate.ts'
import { graphql } from '../../gql/gql.ts'
import type { DatasetPageDataset } from './dataset-query.ts'

const updateDataset = graphql(`
  mutation UpdateDataset($input: UpdateDatasetInput!) {
    updateDataset(input: $input) {
      __typename
      ... on UpdateDatasetPayload { dataset { id name description updatedAt } }
      ... on UserError { message path }
    }
  }
`)

const deleteDataset = graphql(`
  mutation DeleteDataset($input: DeleteDatasetInput!) {
    deleteDataset(input: $input) { __typename ... on UserError { message path } }
  }
`)

export function DatasetMenu({ dataset }: { dataset: DatasetPageDataset }) {
  const [editing, edit] = useDisclosure(false)
  const [asking, ask] = useDisclosure(false)
  const [deleting, remove] = useMutation(deleteDataset)
  const navigate = useNavigate()
  return (
    <>
      <Menu position="bottom-end" width={200}>
        <Menu.Target>
          <ActionIcon variant="default" size={30} aria-label="More">
            <IconDotsVertical size={17} />
          </ActionIcon>
        </Menu.Target>
        <Menu.Dropdown>
          <Menu.Item leftSection={<IconPencil size={16} aria-hidden />} onClick={edit.open}>
            Name and description…
          </Menu.Item>
          <Menu.Divider />
          <Menu.Item color="red" leftSection={<IconTrash size={16} aria-hidden />} onClick={ask.open}>
            Delete…
          </Menu.Item>
        </Menu.Dropdown>
      </Menu>
      <Modal opened={editing} onClose={edit.close} title="Name and description">
        <Form dataset={dataset} onDone={edit.close} />
      </Modal>
      <Modal opened={asking} onClose={ask.close} title={`Delete “${dataset.name}”?`}>
        <Stack>
          <Text size="sm">
            Its {plural(dataset.itemCount, 'item')}, all versions, and its experiments with their runs are deleted too.
            This cannot be undone.
          </Text>
          <Button
            color="red"
            loading={deleting.fetching}
            onClick={async () => {
              if (notifyOf(await remove({ input: { id: dataset.id } }), 'The dataset was deleted.'))
                await navigate({ to: '/datasets', search: {} })
            }}
          >
            Delete the dataset
          </Button>
        </Stack>
      </Modal>
    </>
  )
}

function Form({ dataset, onDone }: { dataset: DatasetPageDataset; onDone: () => void }) {
  const [updating, update] = useMutation(updateDataset)
  const [name, setName] = useState(dataset.name)
  const [description, setDescription] = useState(dataset.description ?? '')
  const [problem, setProblem] = useState<string | null>(null)

  async function submit(event: FormEvent) {
    event.preventDefault()
    const result = await update({
      input: { id: dataset.id, name: name.trim(), description: description.trim() || null },
    })
    const found = problemOf(result)
    setProblem(found?.message ?? null)
    if (!found) onDone()
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
        <Button type="submit" loading={updating.fetching}>
          Save
        </Button>
      </Stack>
    </form>
  )
}
