/** Outputs of a run become what is expected of their items, in a new version of the dataset. */
import { Button, Stack, Text } from '@mantine/core'
import { useState } from 'react'
import { useClient, useMutation } from 'urql'
import { plural } from '../../components/number-format.ts'
import { notifyOf } from '../../data/mutate.ts'
import { graphql } from '../../gql/gql.ts'
import type { OutputsToExpectQuery } from '../../gql/graphql.ts'

const outputs = graphql(`
  query OutputsToExpect($ids: [ID!]!) {
    nodes(ids: $ids) {
      id
      ... on RunItem {
        status
        output
        outputTruncated
        datasetItem { id key archived latest { id input metadata tags } }
      }
    }
  }
`)

const save = graphql(`
  mutation TakeAsExpected($input: UpsertDatasetItemsInput!) {
    upsertDatasetItems(input: $input) {
      __typename
      ... on UpsertDatasetItemsPayload { changed dataset { id version itemCount } }
      ... on UserError { message path }
    }
  }
`)

/** How many ids one request names. */
const perRequest = 100

interface Props {
  dataset: { id: string; name: string }
  /** Of run items. */
  ids: readonly string[]
  onDone: () => void
}

export function TakeAsExpected({ dataset, ids, onDone }: Props) {
  const client = useClient()
  const [, upsert] = useMutation(save)
  const [working, setWorking] = useState(false)
  const [problem, setProblem] = useState<string | null>(null)

  async function take() {
    setWorking(true)
    setProblem(null)
    try {
      const items = await itemsWith(ids, async (ids) => {
        const { data, error } = await client.query(outputs, { ids }, { requestPolicy: 'network-only' }).toPromise()
        if (!data) throw new Error(error?.message ?? 'The items could not be read.')
        return data.nodes ?? []
      })
      if (items.length === 0) return setProblem('None of them has a whole output and is in the current version.')
      const result = await upsert({ input: { datasetId: dataset.id, items } })
      const outcome = result.data?.upsertDatasetItems
      const changed = outcome?.__typename === 'UpsertDatasetItemsPayload' ? outcome.changed : 0
      if (notifyOf(result, `${plural(changed, 'item')} of ${dataset.name} changed.`)) onDone()
    } catch (error) {
      setProblem(error instanceof Error ? error.message : String(error))
    } finally {
      setWorking(false)
    }
  }

  return (
    <Stack>
      <Text size="sm">
        {ids.length === 1
          ? 'The output becomes what is expected of this item'
          : `The outputs become what is expected of these ${plural(ids.length, 'item')}`}{' '}
        in a new version of {dataset.name}. This run stays as it is: it was compared with what was expected then. Items
        that failed, or are archived, are left out.
      </Text>
      {problem !== null && (
        <Text size="sm" c="var(--worse)" role="alert">
          {problem}
        </Text>
      )}
      <Button loading={working} onClick={take} data-autofocus>
        Take as expected
      </Button>
    </Stack>
  )
}

type Node = NonNullable<OutputsToExpectQuery['nodes']>[number]

/** With the content that they have now, and the output as expected. */
async function itemsWith(ids: readonly string[], read: (ids: string[]) => Promise<readonly Node[]>) {
  const nodes: Node[] = []
  for (let from = 0; from < ids.length; from += perRequest)
    nodes.push(...(await read(ids.slice(from, from + perRequest))))
  return nodes.flatMap((node) => {
    if (!node || !('output' in node) || node.status !== 'SUCCEEDED' || node.outputTruncated) return []
    const { id, key, archived, latest } = node.datasetItem
    if (archived) return []
    const { input, metadata, tags } = latest
    return { id, key, input, metadata, tags: [...tags], expectedOutput: node.output }
  })
}
