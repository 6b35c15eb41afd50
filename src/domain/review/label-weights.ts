/**
 * Which labels of a run stand for all of its outputs, and for how many each. Those of a queue whose items were drawn do: an
 * output that was drawn with probability p stands for 1 / p of them. Of several such queues the one with most labels counts,
 * so that each probability is that of one draw. Without one, labels count alike, as if drawn at random, except for those of
 * queues whose items were chosen for what they are, such as disagreements.
 */
import { isDrawn, type ReviewSelection } from './selection.ts'

/** A labelled execution, once for each queue that has it; without a queue once. */
export interface LabelOrigin {
  runId: string
  ordinal: number
  queue: {
    id: string
    kind: ReviewSelection['kind']
    seed: string
    /** All of its items, labelled or not. */
    items: number
    probability: number | null
  } | null
}

/** A label that counts. */
export interface CountedLabel {
  runId: string
  ordinal: number
  /** With which it came to be labelled: that of the draw, times the share of the queue that is labelled. Without a draw 1. */
  probability: number
}

export interface CountedLabels {
  labels: CountedLabel[]
  /** Labelled executions that do not count. */
  leftOut: number
  /** Of each run with a draw, its seed: draws with the same seed have items in common. */
  seeds: Map<string, string>
}

export function countLabels(origins: readonly LabelOrigin[]): CountedLabels {
  const labels: CountedLabel[] = []
  const seeds = new Map<string, string>()
  let leftOut = 0
  for (const [runId, ofRun] of Map.groupBy(origins, (origin) => origin.runId)) {
    const queues = Map.groupBy(
      ofRun.flatMap(({ ordinal, queue }) => (queue && isDrawn(queue) ? [{ ordinal, ...queue }] : [])),
      ({ id }) => id,
    )
    const [chosen] = [...queues.values()].sort((a, b) => b.length - a.length)
    const executions = Map.groupBy(ofRun, ({ ordinal }) => ordinal)
    if (chosen?.[0]) {
      const share = chosen.length / chosen[0].items
      labels.push(
        ...chosen.map(({ ordinal, probability }) => ({ runId, ordinal, probability: (probability ?? 1) * share })),
      )
      seeds.set(runId, chosen[0].seed)
      leftOut += executions.size - chosen.length
    } else {
      for (const [ordinal, found] of executions) {
        if (found.every(({ queue }) => queue === null)) labels.push({ runId, ordinal, probability: 1 })
        else leftOut += 1
      }
    }
  }
  return { labels, leftOut, seeds }
}
