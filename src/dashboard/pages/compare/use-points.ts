/** The values of one metric in two runs, item by item. */
import { useEffect, useState } from 'react'
import { useConnections } from '../../data/connections-provider.tsx'
import { graphql } from '../../gql/gql.ts'
import type { ComparisonPointsQuery } from '../../gql/graphql.ts'
import type { CompareMetric } from './compare-search.ts'

const pointsQuery = graphql(`
  query ComparisonPoints($baselineId: ID!, $candidateIds: [ID!]!, $after: String) {
    compareRuns(baselineId: $baselineId, candidateIds: $candidateIds) {
      rows(first: 100, after: $after) {
        nodes {
          datasetItem { id }
          cells { run { id } latencyMs costUsd scores { name value } }
        }
        pageInfo { endCursor hasNextPage }
      }
    }
  }
`)

export interface Point {
  /** Of the dataset item. */
  id: string
  index: number
  x: number
  y: number
}

/** Points that a plot shows; more would neither be told apart nor be read in time. */
export const maxPoints = 2_000

type Page = NonNullable<NonNullable<ComparisonPointsQuery['compareRuns']>['rows']>
type Row = Page['nodes'][number]

interface Points {
  points: readonly Point[]
  /** Whether these are all items. */
  complete: boolean
}

/** @param baselineId null: nothing is read */
export function usePoints(baselineId: string | null, runId: string, metric: CompareMetric): Points {
  const { rows: client } = useConnections()
  const [rows, setRows] = useState<{ of: string; rows: readonly Row[]; complete: boolean }>({
    of: '',
    rows: [],
    complete: false,
  })
  const key = baselineId === null ? null : `${baselineId} ${runId}`
  useEffect(() => {
    if (key === null) return
    let stopped = false
    const [baselineId = '', runId = ''] = key.split(' ')
    void (async () => {
      const found: Row[] = []
      for (let after: string | null = null; found.length < maxPoints && !stopped; ) {
        const answer: { data?: ComparisonPointsQuery } = await client
          .query(pointsQuery, { baselineId, candidateIds: [runId], after })
          .toPromise()
        const page: Page | undefined = answer.data?.compareRuns?.rows ?? undefined
        if (!page || stopped) return
        found.push(...page.nodes)
        after = page.pageInfo.endCursor
        setRows({ of: key, rows: [...found], complete: !page.pageInfo.hasNextPage })
        if (!page.pageInfo.hasNextPage) return
      }
    })()
    return () => {
      stopped = true
    }
  }, [client, key])
  if (baselineId === null || rows.of !== key) return { points: [], complete: false }
  return {
    points: rows.rows.flatMap((row, index) => pointOf(row, index, baselineId, metric) ?? []),
    complete: rows.complete,
  }
}

function pointOf({ datasetItem, cells }: Row, index: number, baselineId: string, metric: CompareMetric): Point | null {
  const x = metricValue(
    cells.find(({ run }) => run.id === baselineId),
    metric,
  )
  const y = metricValue(
    cells.find(({ run }) => run.id !== baselineId),
    metric,
  )
  return x === null || y === null ? null : { id: datasetItem.id, index, x, y }
}

function metricValue(cell: Row['cells'][number] | undefined, metric: CompareMetric): number | null {
  if (!cell) return null
  if ('latency' in metric) return cell.latencyMs
  if ('cost' in metric) return cell.costUsd
  return cell.scores.find(({ name }) => name === metric.score.name)?.value ?? null
}
