/** The columns of a run's items: what it is, then every score that is there, then what came out and what it took. */
import type { GridColumn } from '../../components/grid/grid.tsx'
import { formatCost, formatDuration } from '../../components/number-format.ts'
import { coverageOf, meanOf } from '../../components/score-mean.tsx'
import type { MetricFiguresFragment } from '../../gql/graphql.ts'
import { ColumnHead } from './column-head.tsx'
import { type Bar, DistributionButton } from './distribution.tsx'
import type { Range } from './range-fields.tsx'
import { RangeFilterButton } from './range-filter.tsx'
import type { RunPageRun } from './run-query.ts'
import type { RunSearch } from './run-search.ts'
import { type ScoreColumn, scoresOf } from './score-columns.ts'
import { ScoreFilterButton } from './score-filter.tsx'

/** What a cell shows. */
type CellOf =
  | { kind: 'ITEM' | 'OUTPUT' | 'BASELINE_OUTPUT' | 'EXPECTED' | 'LATENCY' | 'COST' }
  | { kind: 'SCORE'; score: ScoreColumn }

/** A column without its head, which changes with every result: JSON, so that rows render again only when it is another. */
export interface ItemColumn {
  id: string
  name: string
  /** Pixels. */
  width: number
  /** Takes what is left. */
  grows?: true
  of: CellOf
}

/** @param narrow on a phone */
export function columnsOf(run: RunPageRun, { compared, narrow }: { compared: boolean; narrow: boolean }): ItemColumn[] {
  return [
    { id: 'item', name: 'Input', width: narrow ? 168 : 260, grows: true, of: { kind: 'ITEM' } },
    ...scoresOf(run).map(
      (score): ItemColumn => ({
        id: `score ${score.title}`,
        name: score.title,
        width: compared ? 168 : 132,
        of: { kind: 'SCORE', score },
      }),
    ),
    { id: 'output', name: 'Output', width: 240, grows: true, of: { kind: 'OUTPUT' } },
    ...(compared
      ? [
          {
            id: 'baseline',
            name: "Baseline's output",
            width: 200,
            grows: true,
            of: { kind: 'BASELINE_OUTPUT' },
          } as const,
        ]
      : []),
    { id: 'expected', name: 'Expected', width: 160, of: { kind: 'EXPECTED' } },
    { id: 'latency', name: 'Latency', width: compared ? 150 : 104, of: { kind: 'LATENCY' } },
    ...(run.stats.costUsd === null
      ? []
      : [{ id: 'cost', name: 'Cost', width: compared ? 140 : 96, of: { kind: 'COST' } } as const]),
  ]
}

interface HeadOptions {
  run: RunPageRun
  metrics: readonly MetricFiguresFragment[] | null
  compared: boolean
  search: RunSearch
  onSearch: (now: Partial<RunSearch>) => void
}

export function withHeads(columns: readonly ItemColumn[], options: HeadOptions): GridColumn[] {
  return columns.map(({ id, width, grows, name, of }) => ({
    id,
    width,
    grows,
    head: <Head {...options} name={name} of={of} />,
  }))
}

function Head({ run: { id: runId, stats }, metrics, name, of, ...head }: HeadOptions & { name: string; of: CellOf }) {
  const metric = (kind: string, name: string | null = null) =>
    head.compared ? (metrics?.find(({ metric }) => metric.kind === kind && metric.name === name) ?? null) : null
  switch (of.kind) {
    case 'SCORE': {
      const { name: score, source } = of.score
      const summary = stats.scores.find((one) => one.name === score && (source === null || one.source === source))
      // Only what counts of a name is compared.
      const searchMetric = { score: { name: score, ...(source === null ? {} : { source }) } }
      return (
        <ColumnHead
          {...head}
          name={name}
          figure={summary ? meanOf(summary) : null}
          coverage={summary ? coverageOf(summary) : null}
          missing={summary ? summary.errorCount + summary.missingCount : 0}
          metric={source === null ? metric('SCORE', score) : null}
          searchMetric={searchMetric}
          sort={{ by: 'SCORE', score, ...(source === null ? {} : { source }) }}
          filter={
            <>
              {of.score.dataType !== 'TEXT' && (
                <DistributionButton
                  runId={runId}
                  name={name}
                  metric={searchMetric}
                  dataType={of.score.dataType}
                  onFilter={(bar) =>
                    head.onSearch({ score: { ...searchMetric.score, ...scoreRange(bar, of.score) }, change: undefined })
                  }
                />
              )}
              <ScoreFilterButton {...head} score={of.score} labels={summary?.labels ?? []} />
            </>
          }
        />
      )
    }
    case 'LATENCY':
      return (
        <ColumnHead
          {...head}
          name={name}
          figure={stats.latencyMs ? formatDuration(stats.latencyMs.avg) : null}
          coverage={stats.latencyMs ? `mean of ${stats.latencyMs.count} items` : null}
          metric={metric('LATENCY')}
          searchMetric={{ latency: true }}
          sort={{ by: 'LATENCY' }}
          filter={
            <>
              <DistributionButton
                runId={runId}
                name={name}
                metric={{ latency: true }}
                dataType={null}
                onFilter={(bar) =>
                  'from' in bar && head.onSearch({ latency: { min: bar.from, max: bar.to }, change: undefined })
                }
              />
              <RangeFilterButton
                name="latency"
                unit=" (ms)"
                value={head.search.latency}
                low={stats.latencyMs?.min ?? null}
                high={stats.latencyMs?.max ?? null}
                onChange={(latency) => head.onSearch({ latency, change: undefined })}
              />
            </>
          }
        />
      )
    case 'COST':
      return (
        <ColumnHead
          {...head}
          name={name}
          figure={formatCost(stats.avgCostUsd)}
          coverage="mean of the items whose cost is known"
          metric={metric('COST')}
          searchMetric={{ cost: true }}
          sort={{ by: 'COST' }}
          filter={
            <>
              <DistributionButton
                runId={runId}
                name={name}
                metric={{ cost: true }}
                dataType={null}
                onFilter={(bar) =>
                  'from' in bar && head.onSearch({ cost: { min: bar.from, max: bar.to }, change: undefined })
                }
              />
              <RangeFilterButton
                name="cost"
                unit=" ($)"
                value={head.search.cost}
                low={null}
                high={null}
                onChange={(cost) => head.onSearch({ cost, change: undefined })}
              />
            </>
          }
        />
      )
    default:
      return <ColumnHead {...head} name={name} />
  }
}

/** The filter that leaves what a bar stands for. */
function scoreRange(bar: Bar, { dataType }: ScoreColumn): { boolean: boolean } | { labels: string[] } | Range {
  if ('label' in bar) return { labels: [bar.label] }
  if (dataType === 'BOOLEAN' && bar.from === bar.to && (bar.from === 0 || bar.from === 1))
    return { boolean: bar.from === 1 }
  return { min: bar.from, max: bar.to }
}
