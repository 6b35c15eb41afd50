import { Modal } from '@mantine/core'
import { useNavigate } from '@tanstack/react-router'
import { useMutation } from 'urql'
import { NameForm } from '../../components/name-form.tsx'
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

/** What the name of a dataset may look like. */
export const datasetNameHint = 'A / makes folders: support/questions'

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
  const [, create] = useMutation(createDataset)
  const navigate = useNavigate()
  return (
    <NameForm
      name={folder === '' ? '' : `${folder}/`}
      description=""
      nameHint={datasetNameHint}
      action="Create"
      onSubmit={async (input) => {
        const result = await create({ input })
        const made = result.data?.createDataset
        if (made?.__typename === 'CreateDatasetPayload') {
          await navigate({ to: '/datasets/$datasetId', params: { datasetId: made.dataset.id } })
        }
        return problemOf(result)?.message ?? null
      }}
    />
  )
}
