/** How the run goes while one watches: throughput, latency, and the mean of a score with its standard error. */

import { formatDuration, formatScore, formatShare } from '../../components/number-format.ts'
import type { RunSummaryFragment } from '../../gql/graphql.ts'
import { LiveLine } from './live-line.tsx'
import classes from './run-page.module.css'
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
        name="Items / s"
        times={times}
        values={rates(samples)}
        write={(value) => (value === null ? '–' : value.toFixed(1))}
      />
      <LiveLine
        name="Latency, mean"
        times={times}
        values={samples.map(({ latencyMs }) => latencyMs)}
        write={formatDuration}
      />
      {score && (
        <LiveLine
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

function rates(samples: readonly Sample[]): (number | null)[] {
  let start = 0
  return samples.map((sample, index) => {
    while (start < index && (samples[start]?.at ?? 0) < sample.at - rateWindow) start++
    const first = samples[start]
    const seconds = first ? sample.at - first.at : 0
    return first && seconds > 0.5 ? (sample.done - first.done) / seconds : null
  })
}
