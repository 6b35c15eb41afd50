import { useEffect, useState } from 'react'
import { useQuery } from 'urql'
import type { ItemToTryQuery } from '../../../gql/graphql.ts'
import { itemToTry } from './preview-query.ts'

type Dataset = Extract<NonNullable<ItemToTryQuery['node']>, { itemCount: number }>
export type TriedItem = NonNullable<Dataset['items']>['nodes'][number]

export interface ItemToTry {
  /** Null while it is read, and without a dataset or items. */
  item: TriedItem | null
  /** Its place, from 0. */
  index: number
  count: number
  go(index: number): void
}

/** Steps through the items of a dataset, one at a time. */
export function useItemToTry(datasetId: string | null): ItemToTry {
  const [index, go] = useState(0)
  // biome-ignore lint/correctness/useExhaustiveDependencies: another dataset begins at its first item
  useEffect(() => go(0), [datasetId])
  const variables = { datasetId: datasetId ?? '', skip: index }
  const [{ data }] = useQuery({ query: itemToTry, variables, pause: datasetId === null })
  const dataset = datasetId !== null && data?.node && 'itemCount' in data.node ? data.node : null
  return { item: dataset?.items?.nodes[0] ?? null, index, count: dataset?.itemCount ?? 0, go }
}
