import type { Correction } from '../snapshot.ts'

/** The experiments that named no evaluator. */
const unnamed = 'adder,bad,careless,chance,ill adder,long,priced,slow,summaries,wrong'.split(',')

/** Figures of this version that were wrong. */
export const corrections: Correction[] = [
  {
    fault: 'The evaluators of an experiment were not all that score its runs: the active ones did, too.',
    figures: {
      // Null: all that are active for the dataset.
      ...Object.fromEntries(unnamed.map((name) => [`experiments.${name}.evaluators.length`, null])),
      // The one that it named, and the six that were active for its dataset; the first of them by name is `cheap`.
      'experiments.router.evaluators.length': 7,
      'experiments.router.evaluators.0.id': 'RXZhbHVhdG9yOjc0ODM5ZmZiLTdlMDYtNDk1Yy05YzMxLTI0ZWQ3YjNiNWQzMQ',
    },
  },
]
