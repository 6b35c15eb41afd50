/** Scores × runs: each cell has the verdict, the means behind it, the interval as a picture, and what filters by it. */

import { Link } from '@tanstack/react-router'
import clsx from 'clsx'
import { formatCount } from '../../components/number-format.ts'
import { titleOfRun } from '../../components/run-name.ts'
import { RunProgressBar } from '../../components/run-progress.tsx'
import { describe, nameOf, unitOf } from '../../components/verdict.ts'
import { VerdictChip } from '../../components/verdict-chip.tsx'
import { detailsOf } from '../../components/verdict-details.ts'
import type { MetricFiguresFragment } from '../../gql/graphql.ts'
import classes from './compare-page.module.css'
import type { ComparedRun } from './compare-query.ts'
import { type CompareSearch, isSame, metricInput } from './compare-search.ts'
import { ForestPlot } from './forest-plot.tsx'

interface Props {
  baseline: ComparedRun
  candidates: readonly ComparedRun[]
  metrics: readonly MetricFiguresFragment[] | null
  search: CompareSearch
  onSearch: (now: Partial<CompareSearch>) => void
}

export function VerdictMatrix({ baseline, candidates, metrics, search, onSearch }: Props) {
  if (metrics === null) return <p className={classes.faint}>Comparing…</p>
  const names = [...new Map(metrics.map((figures) => [keyOf(figures), figures.metric])).entries()]
  const shown = names.filter(([key]) => metrics.some((metric) => keyOf(metric) === key && metric.pairs > 0))
  if (shown.length === 0) return <p className={classes.faint}>No item has a value in two of the runs yet.</p>
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: a region that scrolls must be reachable by keyboard
    <section className={classes.matrix} aria-label="Verdicts" tabIndex={0}>
      <table>
        <thead>
          <tr>
            <th scope="col">Metric</th>
            <th scope="col" className={classes.number}>
              {titleOfRun(baseline.name)}
              <div className={classes.faint}>baseline</div>
            </th>
            {candidates.map(({ id, name, status, progress }) => (
              <th key={id} scope="col">
                <Link to="/runs/$runId" params={{ runId: id }} search={{ baseline: baseline.id }}>
                  {titleOfRun(name)}
                </Link>
                {(status === 'RUNNING' || status === 'QUEUED') && <RunProgressBar progress={progress} />}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {shown.map(([key, metric]) => {
            const row = metrics.filter((one) => keyOf(one) === key)
            const { value } = unitOf(metric.kind, row[0]?.dataType ?? null)
            return (
              <tr key={key}>
                <th scope="row">{nameOf(metric)}</th>
                <td className={classes.number}>
                  {value(row.find(({ baselineMean }) => baselineMean !== null)?.baselineMean)}
                </td>
                {candidates.map(({ id }) => {
                  const figures = row.find(({ candidate }) => candidate.id === id)
                  return (
                    <td key={id}>
                      {figures && <Cell figures={figures} row={row} search={search} onSearch={onSearch} />}
                    </td>
                  )
                })}
              </tr>
            )
          })}
        </tbody>
      </table>
    </section>
  )
}

interface CellProps {
  figures: MetricFiguresFragment
  row: readonly MetricFiguresFragment[]
  search: CompareSearch
  onSearch: (now: Partial<CompareSearch>) => void
}

function Cell({ figures, row, search, onSearch }: CellProps) {
  const { metric, candidate, dataType, direction, candidateMean, improved, regressed, pairs, unchanged } = figures
  if (candidateMean === null) {
    return (
      <span className={classes.faint}>
        the same on {formatCount(unchanged)} of {formatCount(pairs)}
      </span>
    )
  }
  const { value } = unitOf(metric.kind, dataType)
  const input = metricInput(metric)
  const count = (is: 'IMPROVED' | 'REGRESSED', number: number, sign: string) => {
    const chosen = search.change?.is === is && search.change.run === candidate.id && isSame(search.change.metric, input)
    const by = is === 'IMPROVED' ? 'IMPROVEMENT' : 'REGRESSION'
    return (
      <button
        type="button"
        aria-pressed={chosen}
        className={clsx(classes.count, is === 'IMPROVED' ? classes.better : classes.worse)}
        title={`Only the ${number} that ${is === 'IMPROVED' ? 'improved' : 'regressed'}, the largest first`}
        onClick={() =>
          onSearch(
            chosen
              ? { change: undefined, sort: undefined }
              : { change: { metric: input, is, run: candidate.id }, sort: { by, metric: input, run: candidate.id } },
          )
        }
      >
        {sign} {formatCount(number)}
      </button>
    )
  }
  return (
    <div className={classes.cell}>
      <div className={classes.cellTop}>
        <span className={classes.mean}>{value(candidateMean)}</span>
        <VerdictChip metric={figures} named={false} />
        {direction !== 'NONE' && (
          <>
            {count('IMPROVED', improved, '↗')}
            {count('REGRESSED', regressed, '↘')}
          </>
        )}
      </div>
      <ForestPlot figures={figures} row={row} />
      <div className={classes.sentence}>
        {describe(figures)} <span className={classes.faint}>{detailsOf(figures).join(' · ')}</span>
      </div>
    </div>
  )
}

function keyOf({ metric }: MetricFiguresFragment): string {
  return `${metric.kind} ${metric.source} ${metric.name}`
}
