/** How the values of a column are distributed: a bar is a range of values, and filters by it. */
import { Skeleton } from '@mantine/core'
import { IconChartHistogram } from '@tabler/icons-react'
import clsx from 'clsx'
import { useEffect, useState } from 'react'
import { messageOf } from '../../components/answer.tsx'
import { formatCount, plural } from '../../components/number-format.ts'
import { unitOf } from '../../components/verdict.ts'
import { useConnections } from '../../data/connections-provider.tsx'
import { graphql } from '../../gql/gql.ts'
import type { RunDistributionQuery, ScoreDataType } from '../../gql/graphql.ts'
import classes from './distribution.module.css'
import { HeadPopover } from './head-popover.tsx'
import type { SearchMetric } from './run-search.ts'

const distributionQuery = graphql(`
  query RunDistribution($id: ID!, $metric: MetricInput!) {
    run(id: $id) {
      id
      stats {
        distribution(metric: $metric, bins: 20) {
          count
          min
          p5
          p50
          p95
          max
          histogram { from to count }
          labels { label count }
        }
      }
    }
  }
`)

type Values = NonNullable<NonNullable<RunDistributionQuery['run']>['stats']['distribution']>

/** What a bar stands for: all values from the first to the second, or a label. */
export type Bar = { from: number; to: number } | { label: string }

interface Props {
  runId: string
  name: string
  metric: SearchMetric
  dataType: ScoreDataType | null
  onFilter: (bar: Bar) => void
}

export function DistributionButton(props: Props) {
  return (
    <HeadPopover label={`Distribution of ${props.name}`} icon={<IconChartHistogram size={14} />} width={300}>
      {(close) => (
        <Distribution
          {...props}
          onFilter={(bar) => {
            close()
            props.onFilter(bar)
          }}
        />
      )}
    </HeadPopover>
  )
}

function Distribution({ runId, name, metric, dataType, onFilter }: Props) {
  const { rows: client } = useConnections()
  const [values, setValues] = useState<Values | string | null>(null)
  const key = JSON.stringify(metric)
  useEffect(() => {
    let wanted = true
    void client
      .query(distributionQuery, { id: runId, metric: JSON.parse(key) })
      .toPromise()
      .then(({ data, error }) => {
        if (!wanted) return
        setValues(error ? messageOf(error) : (data?.run?.stats.distribution ?? 'There are no values yet.'))
      })
    return () => {
      wanted = false
    }
  }, [client, runId, key])
  if (values === null) return <Skeleton height={110} />
  if (typeof values === 'string') return <p className={classes.note}>{values}</p>
  if (values.count === 0) return <p className={classes.note}>There are no values yet.</p>
  const { value } = unitOf('score' in metric ? 'SCORE' : 'latency' in metric ? 'LATENCY' : 'COST', dataType)
  return (
    <figure className={classes.figure}>
      <figcaption className={classes.caption}>
        {name} of {plural(values.count, 'execution')}
      </figcaption>
      {values.labels.length > 0 ? (
        <Labels labels={values.labels} onFilter={onFilter} />
      ) : (
        <Bars values={values} write={dataType === 'BOOLEAN' ? yesOrNo : value} onFilter={onFilter} />
      )}
      {values.p50 !== null && dataType !== 'BOOLEAN' && (
        <p className={classes.note}>
          median {value(values.p50)}, nine of ten from {value(values.p5)} to {value(values.p95)}
        </p>
      )}
    </figure>
  )
}

interface BarsProps {
  values: Values
  write: (value: number) => string
  onFilter: Props['onFilter']
}

function Bars({ values: { histogram }, write, onFilter }: BarsProps) {
  const most = Math.max(...histogram.map(({ count }) => count))
  const isSingle = histogram.every(({ from, to }) => from === to)
  return (
    <>
      <div className={classes.bars}>
        {histogram.map(({ from, to, count }) => {
          const range = from === to ? write(from) : `${write(from)} to ${write(to)}`
          return (
            <button
              key={from}
              type="button"
              disabled={count === 0}
              className={classes.bar}
              aria-label={`${range}: ${formatCount(count)}`}
              title={`${range}: ${formatCount(count)}`}
              onClick={() => onFilter({ from, to })}
            >
              <span style={{ height: `${count === 0 ? 0 : Math.max(3, (count / most) * 100)}%` }} />
            </button>
          )
        })}
      </div>
      <div className={clsx(classes.axis, isSingle && classes.each)} aria-hidden>
        {isSingle && histogram.length <= 5 ? (
          histogram.map(({ from }) => <span key={from}>{write(from)}</span>)
        ) : (
          <>
            <span>{write(histogram[0]?.from ?? 0)}</span>
            <span>{write(histogram.at(-1)?.to ?? 0)}</span>
          </>
        )}
      </div>
    </>
  )
}

function Labels({ labels, onFilter }: { labels: Values['labels']; onFilter: Props['onFilter'] }) {
  const most = Math.max(...labels.map(({ count }) => count))
  return (
    <ul className={classes.labels}>
      {labels.slice(0, 12).map(({ label, count }) => (
        <li key={label}>
          <button type="button" onClick={() => onFilter({ label })}>
            <span>{label}</span>
            <span className={classes.share}>
              <span style={{ width: `${(count / most) * 100}%` }} />
            </span>
            <span>{formatCount(count)}</span>
          </button>
        </li>
      ))}
    </ul>
  )
}

function yesOrNo(value: number): string {
  return value === 1 ? '✓ yes' : value === 0 ? '✗ no' : `${(value * 100).toFixed(0)} % yes`
}
