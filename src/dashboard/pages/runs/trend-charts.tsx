/** How the runs of a dataset went over time: average latency, average cost, and two scores. */
import '@mantine/charts/styles.css'
import { LineChart } from '@mantine/charts'
import { Select } from '@mantine/core'
import { useNavigate } from '@tanstack/react-router'
import type { ReactNode } from 'react'
import { formatCost, formatDuration, formatScore, formatShare } from '../../components/number-format.ts'
import { titleOfRun } from '../../components/run-name.ts'
import classes from './runs-page.module.css'
import type { DatasetWithRuns } from './runs-query.ts'

type Trend = NonNullable<DatasetWithRuns['runTrends']>[number]

interface Props {
  dataset: DatasetWithRuns
  /** Names of the scores of the third and fourth chart. */
  charts: readonly string[]
  onCharts: (names: string[]) => void
}

export default function TrendCharts({ dataset, charts, onCharts }: Props) {
  const trends = dataset.runTrends ?? []
  const baselineId = dataset.baseline?.run.id ?? null
  const scores = new Map(
    trends.flatMap(({ scores }) =>
      scores.filter(({ mean }) => mean !== null).map((score) => [score.name, score] as const),
    ),
  )
  const shown = [
    charts[0] ?? [...scores.keys()][0],
    charts[1] ?? [...scores.keys()].find((name) => name !== charts[0] && name !== [...scores.keys()][0]),
  ]
  const hasCost = trends.some(({ avgCostUsd }) => avgCostUsd !== null)
  const common = { trends, baselineId }
  return (
    <div className={classes.charts}>
      <Chart {...common} title="Average latency" of={({ avgLatencyMs }) => avgLatencyMs} write={formatDuration} />
      {hasCost && <Chart {...common} title="Average cost" of={({ avgCostUsd }) => avgCostUsd} write={formatCost} />}
      {shown.map((name, slot) => {
        const score = name === undefined ? undefined : scores.get(name)
        if (name === undefined || !score) return null
        return (
          <Chart
            // biome-ignore lint/suspicious/noArrayIndexKey: the third and the fourth chart
            key={slot}
            {...common}
            title={
              <Select
                size="xs"
                variant="unstyled"
                w={170}
                aria-label={`Score of chart ${slot + 3}`}
                data={[...scores.keys()]}
                value={name}
                allowDeselect={false}
                onChange={(chosen) =>
                  chosen !== null &&
                  onCharts(shown.flatMap((other, index) => (index === slot ? chosen : (other ?? []))))
                }
              />
            }
            of={({ scores }) => scores.find((other) => other.name === name)?.mean ?? null}
            write={score.dataType === 'BOOLEAN' ? formatShare : formatScore}
          />
        )
      })}
    </div>
  )
}

interface ChartProps {
  title: ReactNode
  trends: readonly Trend[]
  baselineId: string | null
  of: (trend: Trend) => number | null
  write: (value: number | null) => string
}

/** One point for every run, oldest first; the table below has the same numbers. */
function Chart({ title, trends, baselineId, of, write }: ChartProps) {
  const navigate = useNavigate()
  const points = trends.map((trend) => ({
    id: trend.run.id,
    run: titleOfRun(trend.run.name),
    at: new Date(trend.run.createdAt).toLocaleString(undefined, { dateStyle: 'short', timeStyle: 'short' }),
    value: of(trend),
  }))
  const last = points.findLast(({ value }) => value !== null)
  const baseline = points.find(({ id }) => id === baselineId)?.value ?? null
  return (
    <figure className={classes.chart}>
      <figcaption className={classes.chartHead}>
        <span>{title}</span>
        <span className={classes.chartValue}>{write(last?.value ?? null)}</span>
      </figcaption>
      <div aria-hidden>
        <LineChart
          h={118}
          data={points}
          dataKey="id"
          series={[{ name: 'value', color: 'var(--accent)' }]}
          curveType="linear"
          strokeWidth={1.6}
          withXAxis={false}
          gridAxis="none"
          yAxisProps={{ width: 58, tickCount: 3, domain: ['auto', 'auto'] }}
          valueFormatter={(value) => write(value)}
          referenceLines={baseline === null ? [] : [{ y: baseline, color: 'var(--baseline)', strokeDasharray: '3 3' }]}
          dotProps={{ r: 2.5 }}
          activeDotProps={{ r: 5, cursor: 'pointer' }}
          lineChartProps={{
            accessibilityLayer: false,
            onClick: ({ activeTooltipIndex }) => {
              const point = points[Number(activeTooltipIndex)]
              if (point) void navigate({ to: '/runs/$runId', params: { runId: point.id } })
            },
          }}
          tooltipProps={{
            content: ({ payload }) => {
              const point = payload?.[0]?.payload as (typeof points)[number] | undefined
              return point ? (
                <div className={classes.tip}>
                  <strong>{write(point.value)}</strong> {point.run}
                  <div>{point.at}</div>
                </div>
              ) : null
            },
          }}
        />
      </div>
    </figure>
  )
}
