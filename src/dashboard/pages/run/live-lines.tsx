/** How the run goes while one watches: throughput, latency, and the mean of a score with its standard error. */

import { formatDuration, formatScore, formatShare } from '../../components/number-format.ts'
import type { RunSummaryFragment } from '../../gql/graphql.ts'
import { LiveLine } from './live-line.tsx'
import classes from './run-page.module.css'
import { ratesOf } from './throughput.ts'
import type { Sample } from './use-run-feed.ts'

interface Props {
  samples: readonly Sample[]
  scores: RunSummaryFragment['stats']['scores']
}

/** Seconds over which the throughput is taken. */
const rateWindow = 5

export default function LiveLines({ samples, scores }: Props) {
  const times = samples.map(({ at }) => at)
  const known = scores.filter(({ mean }) => mean !== null)
  // Right or wrong says more at a glance than a number.
  const score = known.find(({ dataType }) => dataType === 'BOOLEAN') ?? known[0]
  const writeMean = score?.dataType === 'BOOLEAN' ? formatShare : formatScore
  const means = samples.map((sample) => (score ? (sample.scores.get(score.name) ?? null) : null))
  const edge = (sign: number) =>
    means.map((figures) => (figures?.mean == null ? null : figures.mean + sign * 1.96 * (figures.stderr ?? 0)))
  return (
    <div className={classes.lines}>
      <LiveLine
        turn={1}
        name="Items / s"
        times={times}
        values={ratesOf(samples, rateWindow)}
        write={(value) => (value === null ? '–' : value.toFixed(1))}
      />
      <LiveLine
        turn={2}
        name="Latency, mean"
        times={times}
        values={samples.map(({ latencyMs }) => latencyMs)}
        write={formatDuration}
      />
      {score && (
        <LiveLine
          turn={3}
          name={score.name}
          times={times}
          values={means.map((figures) => figures?.mean ?? null)}
          low={edge(-1)}
          high={edge(1)}
          write={writeMean}
        />
      )}
    </div>
  )
}
