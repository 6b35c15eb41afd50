/** What can be done with some items of a dataset from anywhere: copy them to another one, and tag them. */
import { Autocomplete, Button, Stack, TagsInput, Text } from '@mantine/core'
import { notifications } from '@mantine/notifications'
import { type FormEvent, useState } from 'react'
import { useClient, useMutation, useQuery } from 'urql'
import { formatCount, plural } from '../../components/number-format.ts'
import { notifyOf, problemOf } from '../../data/mutate.ts'
import { graphql } from '../../gql/gql.ts'
import type { DatasetItemSelection } from '../../gql/graphql.ts'

const tagItems = graphql(`
  mutation TagDatasetItems($input: TagDatasetItemsInput!) {
    tagDatasetItems(input: $input) {
      __typename
      ... on TagDatasetItemsPayload { changed dataset { id version itemCount tags { tag count } } }
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

interface FormProps {
  /** That of the items. */
  dataset: { id: string; name: string; tags?: readonly { tag: string }[] }
  items: DatasetItemSelection
  onDone: () => void
}

/** @param version whose items are copied; undefined: the current one */
export function CopyForm({ dataset, version, items, onDone }: FormProps & { version: number | undefined }) {
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

export function TagForm({ dataset, items, onDone }: FormProps) {
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
