/** What is seldom done with a dataset: rename, describe, delete. */
import { ActionIcon, Button, Menu, Modal, Stack, Text } from '@mantine/core'
import { useDisclosure } from '@mantine/hooks'
import { IconDotsVertical, IconPencil, IconTrash } from '@tabler/icons-react'
import { useNavigate } from '@tanstack/react-router'
import { useMutation } from 'urql'
import { NameForm } from '../../components/name-form.tsx'
import { plural } from '../../components/number-format.ts'
import { notifyOf, problemOf } from '../../data/mutate.ts'
import { graphql } from '../../gql/gql.ts'
import { datasetNameHint } from '../datasets/create-dataset.tsx'
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
  const [, update] = useMutation(updateDataset)
  return (
    <NameForm
      name={dataset.name}
      description={dataset.description ?? ''}
      nameHint={datasetNameHint}
      action="Save"
      onSubmit={async (changes) => {
        const refusal = problemOf(await update({ input: { id: dataset.id, ...changes } }))
        if (!refusal) onDone()
        return refusal?.message ?? null
      }}
    />
  )
}
