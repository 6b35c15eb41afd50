/** The columns of a run's items: what it is, then every score that is there, then what came out and what it took. */
import type { GridColumn } from '../../components/grid/grid.tsx'
import { formatCost, formatDuration } from '../../components/number-format.ts'
import { coverageOf, meanOf } from '../../components/score-mean.tsx'
import type { MetricFiguresFragment } from '../../gql/graphql.ts'
import { ColumnHead } from './column-head.tsx'
import type { RunPageRun } from './run-query.ts'
import type { RunSearch } from './run-search.ts'
import { type ScoreColumn, scoresOf } from './score-columns.ts'
import { ScoreFilterButton } from './score-filter.tsx'

/** What a cell shows. */
export type CellOf =
  | { kind: 'ITEM' | 'OUTPUT' | 'BASELINE_OUTPUT' | 'EXPECTED' | 'LATENCY' | 'COST' }
  | { kind: 'SCORE'; score: ScoreColumn }

export interface ItemColumn extends GridColumn {
  of: CellOf
}

interface Options {
  run: RunPageRun
  metrics: readonly MetricFiguresFragment[] | null
  compared: boolean
  /** On a phone. */
  narrow: boolean
  search: RunSearch
  onSearch: (now: Partial<RunSearch>) => void
}

export function columnsOf({ run, metrics, compared, narrow, search, onSearch }: Options): ItemColumn[] {
  const { stats } = run
  const metric = (kind: string, name: string | null = null) =>
    compared ? (metrics?.find(({ metric }) => metric.kind === kind && metric.name === name) ?? null) : null
  const head = { search, onSearch, compared }
  return [
    {
      id: 'item',
      width: narrow ? 168 : 260,
      grows: true,
      of: { kind: 'ITEM' },
      head: <ColumnHead {...head} name="Input" />,
    },
    ...scoresOf(run).map((score): ItemColumn => {
      const summary = stats.scores.find(({ name }) => name === score.name)
      return {
        id: `score ${score.name}`,
        width: compared ? 168 : 132,
        of: { kind: 'SCORE', score },
        head: (
          <ColumnHead
            {...head}
            name={score.name}
            figure={summary ? meanOf(summary) : null}
            coverage={summary ? coverageOf(summary) : null}
            missing={summary ? summary.errorCount + summary.missingCount : 0}
            metric={metric('SCORE', score.name)}
            searchMetric={{ score: { name: score.name } }}
            sort={{ by: 'SCORE', score: score.name }}
            filter={
              <ScoreFilterButton score={score} labels={summary?.labels ?? []} search={search} onSearch={onSearch} />
            }
          />
        ),
      }
    }),
    { id: 'output', width: 240, grows: true, of: { kind: 'OUTPUT' }, head: <ColumnHead {...head} name="Output" /> },
    ...(compared
      ? [
          {
            id: 'baseline',
            width: 200,
            grows: true,
            of: { kind: 'BASELINE_OUTPUT' },
            head: <ColumnHead {...head} name="Baseline's output" />,
          } as const,
        ]
      : []),
    { id: 'expected', width: 160, of: { kind: 'EXPECTED' }, head: <ColumnHead {...head} name="Expected" /> },
    {
      id: 'latency',
      width: compared ? 150 : 104,
      of: { kind: 'LATENCY' },
      head: (
        <ColumnHead
          {...head}
          name="Latency"
          figure={stats.latencyMs ? formatDuration(stats.latencyMs.avg) : null}
          coverage={stats.latencyMs ? `mean of ${stats.latencyMs.count} items` : null}
          metric={metric('LATENCY')}
          searchMetric={{ latency: true }}
          sort={{ by: 'LATENCY' }}
        />
      ),
    },
    ...(stats.costUsd === null
      ? []
      : [
          {
            id: 'cost',
            width: compared ? 140 : 96,
            of: { kind: 'COST' },
            head: (
              <ColumnHead
                {...head}
                name="Cost"
                figure={formatCost(stats.avgCostUsd)}
                coverage="mean of the items whose cost is known"
                metric={metric('COST')}
                searchMetric={{ cost: true }}
                sort={{ by: 'COST' }}
              />
            ),
          } as const,
        ]),
  ]
}
