/** The head of a column: its mean with how much is behind it, how it differs from the baseline, and what filters by that. */

import { IconArrowDown, IconArrowUp } from '@tabler/icons-react'
import clsx from 'clsx'
import type { ReactNode } from 'react'
import { formatCount, formatDelta } from '../../components/number-format.ts'
import { conclude, describe, unitOf } from '../../components/verdict.ts'
import type { MetricFiguresFragment, ScoreSource } from '../../gql/graphql.ts'
import classes from './column-head.module.css'
import { onlyOfItems, type RunSearch, type RunSort, type SearchMetric, sameMetric } from './run-search.ts'

interface Props {
  name: string
  search: RunSearch
  onSearch: (now: Partial<RunSearch>) => void
  compared: boolean
  figure?: string | null
  /** What the figure is of. */
  coverage?: string | null
  /** Items without a value. */
  missing?: number
  metric?: MetricFiguresFragment | null
  searchMetric?: SearchMetric
  /** Without a direction. */
  sort?: { by: 'SCORE'; score: string; source?: ScoreSource } | { by: 'LATENCY' | 'COST' }
  filter?: ReactNode
}

export function ColumnHead({
  name,
  search,
  onSearch,
  compared,
  figure,
  coverage,
  missing = 0,
  metric,
  searchMetric,
  sort,
  filter,
}: Props) {
  const sorted = sort ? directionOf(search.sort, sort) : null
  return (
    <div className={classes.head}>
      <div className={classes.top}>
        {sort ? (
          <button
            type="button"
            className={classes.sort}
            onClick={() => onSearch({ sort: nextSort(sorted, sort) })}
            title={
              sorted === null
                ? `Sort by ${name}`
                : sorted === 'ASC'
                  ? 'Sorted, smallest first'
                  : 'Sorted, largest first'
            }
          >
            <span className={classes.name}>{name}</span>
            {sorted === 'ASC' && <IconArrowUp size={13} aria-label="ascending" />}
            {sorted === 'DESC' && <IconArrowDown size={13} aria-label="descending" />}
          </button>
        ) : (
          <span className={classes.name}>{name}</span>
        )}
        {filter}
      </div>
      <div className={classes.figure} title={coverage ?? undefined}>
        {figure}
        {missing > 0 && <span className={classes.missing}>{formatCount(missing)} missing</span>}
      </div>
      {compared && (
        <Difference metric={metric ?? null} searchMetric={searchMetric} search={search} onSearch={onSearch} />
      )}
    </div>
  )
}

interface DifferenceProps {
  metric: MetricFiguresFragment | null
  searchMetric: SearchMetric | undefined
  search: RunSearch
  onSearch: (now: Partial<RunSearch>) => void
}

function Difference({ metric, searchMetric, search, onSearch }: DifferenceProps) {
  if (!metric || !searchMetric || metric.delta === null) return <div className={classes.difference} />
  const { size, suffix } = unitOf(metric.metric.kind, metric.dataType)
  const conclusion = conclude(metric)
  const range = metric.interval ?? metric.sequence
  const filters = (is: 'IMPROVED' | 'REGRESSED', count: number, sign: string) => {
    const chosen = search.change?.is === is && sameMetric(search.change.metric, searchMetric)
    const field = is === 'IMPROVED' ? 'IMPROVEMENT' : 'REGRESSION'
    return (
      <button
        type="button"
        aria-pressed={chosen}
        className={clsx(classes.count, is === 'IMPROVED' ? classes.better : classes.worse)}
        title={`Only the ${count} that ${is === 'IMPROVED' ? 'improved' : 'regressed'}, the largest first`}
        onClick={() =>
          onSearch(
            chosen
              ? { change: undefined, sort: undefined }
              : {
                  ...onlyOfItems,
                  ...{ change: { metric: searchMetric, is }, sort: { by: field, metric: searchMetric } },
                },
          )
        }
      >
        {sign} {formatCount(count)}
      </button>
    )
  }
  return (
    <div className={classes.difference}>
      <span
        className={clsx(
          classes.delta,
          (conclusion === 'BETTER' || conclusion === 'NOT_WORSE') && classes.better,
          conclusion === 'WORSE' && classes.worse,
        )}
        title={describe(metric)}
      >
        {formatDelta(metric.delta, size)}
        {suffix === '' ? '' : ' pts'}
        {range && (
          <span className={classes.interval}>
            {formatDelta(range.low, size)} … {formatDelta(range.high, size)}
          </span>
        )}
      </span>
      {metric.direction !== 'NONE' && (
        <span className={classes.counts}>
          {filters('IMPROVED', metric.improved, '↗')}
          {filters('REGRESSED', metric.regressed, '↘')}
        </span>
      )}
    </div>
  )
}

function directionOf(now: RunSort | undefined, sort: NonNullable<Props['sort']>): 'ASC' | 'DESC' | null {
  if (!now || 'metric' in now || now.by !== sort.by) return null
  if (now.by === 'SCORE' && (sort.by !== 'SCORE' || now.score !== sort.score || now.source !== sort.source)) return null
  return now.desc ? 'DESC' : 'ASC'
}

/** Largest first, then smallest first, then in the order of execution. */
function nextSort(now: 'ASC' | 'DESC' | null, sort: NonNullable<Props['sort']>): RunSort | undefined {
  if (now === 'ASC') return undefined
  return now === null ? { ...sort, desc: true } : sort
}
