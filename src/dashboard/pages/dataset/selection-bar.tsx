/** What can be done with the items that are selected. */
import { Autocomplete, Button, Modal, Stack, TagsInput, Text } from '@mantine/core'
import { notifications } from '@mantine/notifications'
import { IconArchive, IconCopy, IconTag } from '@tabler/icons-react'
import { type FormEvent, useState } from 'react'
import { useClient, useMutation, useQuery } from 'urql'
import { formatCount, plural } from '../../components/number-format.ts'
import { notifyOf, problemOf } from '../../data/mutate.ts'
import { graphql } from '../../gql/gql.ts'
import type { DatasetItemSelection } from '../../gql/graphql.ts'
import type { DatasetPageDataset } from './dataset-query.ts'
import { type DatasetSearch, itemFilter } from './dataset-search.ts'
import classes from './items.module.css'

/** Some items, or all that are shown. */
export type Selection = { ids: ReadonlySet<string> } | { all: true }

const tagItems = graphql(`
  mutation TagDatasetItems($input: TagDatasetItemsInput!) {
    tagDatasetItems(input: $input) {
      __typename
      ... on TagDatasetItemsPayload { changed dataset { id version itemCount tags { tag count } } }
      ... on UserError { message path }
    }
  }
`)

const archiveItems = graphql(`
  mutation ArchiveDatasetItems($input: ArchiveDatasetItemsInput!) {
    archiveDatasetItems(input: $input) {
      __typename
      ... on ArchiveDatasetItemsPayload { archived dataset { id version itemCount tags { tag count } } }
      ... on UserError { message path }
    }
  }
`)

const copyItems = graphql(`
  mutation CopyDatasetItems($input: CopyDatasetItemsInput!) {
    copyDatasetItems(input: $input) {
      __typename
      ... on CopyDatasetItemsPayload { added changed unchanged dataset { id name version itemCount } }
      ... on UserError { message path }
    }
  }
`)

const targets = graphql(`
  query CopyTargets($search: String) { datasets(first: 20, filter: { search: $search }) { nodes { id name } } }
`)

const targetNamed = graphql(`
  query CopyTarget($name: String!) { dataset(name: $name) { id } }
`)

const createTarget = graphql(`
  mutation CreateCopyTarget($input: CreateDatasetInput!) {
    createDataset(input: $input) {
      __typename
      ... on CreateDatasetPayload { dataset { id name } }
      ... on UserError { message path }
    }
  }
`)

interface Props {
  dataset: DatasetPageDataset
  search: DatasetSearch
  selection: Selection
  total: { count: number; atLeast: boolean } | null
  onClear: () => void
  onChanged: () => void
}

export function SelectionBar({ dataset, search, selection, total, onClear, onChanged }: Props) {
  const [asking, setAsking] = useState<'COPY' | 'TAG' | 'ARCHIVE' | null>(null)
  const close = () => setAsking(null)
  const isAll = 'all' in selection
  const items: DatasetItemSelection = isAll ? { filter: itemFilter(search) ?? {} } : { itemIds: [...selection.ids] }
  const isPast = search.version !== undefined && search.version !== dataset.version
  const words = isAll
    ? `All ${total === null ? '' : `${formatCount(total.count)}${total.atLeast ? ' or more' : ''} `}items that are shown`
    : plural(selection.ids.size, 'item')
  const done = () => {
    close()
    onClear()
    onChanged()
  }

  return (
    <section className={classes.selection} aria-label="Selected items">
      <strong>{words}</strong>
      <Button
        size="compact-sm"
        variant="default"
        leftSection={<IconCopy size={14} />}
        onClick={() => setAsking('COPY')}
      >
        Copy to a dataset
      </Button>
      {!isPast && (
        <>
          <Button
            size="compact-sm"
            variant="default"
            leftSection={<IconTag size={14} />}
            onClick={() => setAsking('TAG')}
          >
            Tag
          </Button>
          {!isAll && (
            <Button
              size="compact-sm"
              variant="default"
              leftSection={<IconArchive size={14} />}
              onClick={() => setAsking('ARCHIVE')}
            >
              Archive
            </Button>
          )}
        </>
      )}
      <Button size="compact-sm" variant="subtle" onClick={onClear}>
        Select nothing
      </Button>
      <Modal opened={asking === 'COPY'} onClose={close} title={`Copy ${words.toLowerCase()}`}>
        <Copy dataset={dataset} version={search.version} items={items} onDone={done} />
      </Modal>
      <Modal opened={asking === 'TAG'} onClose={close} title={`Tag ${words.toLowerCase()}`}>
        <Tag dataset={dataset} items={items} onDone={done} />
      </Modal>
      <Modal opened={asking === 'ARCHIVE'} onClose={close} title={`Archive ${words.toLowerCase()}?`}>
        <Archive dataset={dataset} items={items} onDone={done} />
      </Modal>
    </section>
  )
}

interface FormProps {
  dataset: DatasetPageDataset
  items: DatasetItemSelection
  onDone: () => void
}

function Copy({ dataset, version, items, onDone }: FormProps & { version: number | undefined }) {
  const client = useClient()
  const [name, setName] = useState('')
  const [{ data }] = useQuery({ query: targets, variables: { search: name.trim() || null } })
  const [copying, copy] = useMutation(copyItems)
  const [, create] = useMutation(createTarget)
  const [problem, setProblem] = useState<string | null>(null)

  async function submit(event: FormEvent) {
    event.preventDefault()
    const target = await targetId(name.trim())
    if (target === null) return
    const result = await copy({ input: { datasetId: dataset.id, version, items, toDatasetId: target } })
    const outcome = result.data?.copyDatasetItems
    setProblem(problemOf(result)?.message ?? null)
    if (outcome?.__typename !== 'CopyDatasetItemsPayload') return
    const { added, changed, unchanged } = outcome
    notifications.show({
      title: `Copied to ${outcome.dataset.name}`,
      message: `${formatCount(added)} new, ${formatCount(changed)} changed, ${formatCount(unchanged)} were there already.`,
    })
    onDone()
  }

  /** That of the name, made if there is none; null with a problem. */
  async function targetId(wanted: string): Promise<string | null> {
    const found = await client.query(targetNamed, { name: wanted }, { requestPolicy: 'network-only' }).toPromise()
    if (found.data?.dataset) return found.data.dataset.id
    const made = await create({ input: { name: wanted } })
    setProblem(problemOf(made)?.message ?? null)
    const outcome = made.data?.createDataset
    return outcome?.__typename === 'CreateDatasetPayload' ? outcome.dataset.id : null
  }

  return (
    <form onSubmit={submit}>
      <Stack>
        <Autocomplete
          label="Dataset"
          description="One that is there, or the name of a new one."
          data={(data?.datasets?.nodes ?? []).map((other) => other.name).filter((other) => other !== dataset.name)}
          value={name}
          onChange={setName}
          error={problem}
          required
          withAsterisk={false}
          data-autofocus
        />
        <Text size="sm" c="dimmed">
          An item with the same key, or without one with the same input, is replaced.
        </Text>
        <Button type="submit" loading={copying.fetching}>
          Copy
        </Button>
      </Stack>
    </form>
  )
}

function Tag({ dataset, items, onDone }: FormProps) {
  const [tagging, tag] = useMutation(tagItems)
  const [add, setAdd] = useState<string[]>([])
  const [remove, setRemove] = useState<string[]>([])
  const known = dataset.tags?.map((one) => one.tag) ?? []

  async function submit(event: FormEvent) {
    event.preventDefault()
    const result = await tag({ input: { datasetId: dataset.id, items, add, remove } })
    const outcome = result.data?.tagDatasetItems
    const changed = outcome?.__typename === 'TagDatasetItemsPayload' ? outcome.changed : 0
    if (notifyOf(result, `The tags of ${plural(changed, 'item')} changed.`)) onDone()
  }

  return (
    <form onSubmit={submit}>
      <Stack>
        <TagsInput
          label="Add"
          placeholder="A tag, then Enter"
          data={known}
          value={add}
          onChange={setAdd}
          data-autofocus
        />
        <TagsInput label="Remove" placeholder="A tag, then Enter" data={known} value={remove} onChange={setRemove} />
        <Button type="submit" loading={tagging.fetching} disabled={add.length + remove.length === 0}>
          Change the tags
        </Button>
      </Stack>
    </form>
  )
}

function Archive({ dataset, items, onDone }: FormProps) {
  const [archiving, archive] = useMutation(archiveItems)
  const itemIds = items.itemIds ?? []
  return (
    <Stack>
      <Text size="sm">
        They are not in the next version of the dataset. Earlier versions and their runs keep them, and each can be
        restored.
      </Text>
      <Button
        color="red"
        loading={archiving.fetching}
        onClick={async () => {
          const result = await archive({ input: { datasetId: dataset.id, itemIds } })
          if (notifyOf(result, `${plural(itemIds.length, 'item')} archived.`)) onDone()
        }}
      >
        Archive
      </Button>
    </Stack>
  )
}
