import type { Correction } from '../snapshot.ts'
import series from './series.json' with { type: 'json' }

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
  {
    fault:
      'Summaries counted scores and not items: of people and evaluators together, of several people and repetitions apart; and labels that were replaced.',
    figures: series.mixed,
  },
  { fault: 'The similarity had no range, and so no sequence.', figures: series.bounded },
  { fault: 'What responses from the cache had cost once was compared as a cost.', figures: series.costs },
  { fault: 'A limit of the cost was kept where the cost of some items was not known.', figures: series.gates },
  {
    fault: 'Failures were left out of scores, also of passes, where they are the worst value.',
    figures: series.failures,
  },
  { fault: 'Pairs that did not change were taken for proof that nothing is lost.', figures: series.shown },
  { fault: 'Sequences bet shares that are too small to ever pay, and left failures out.', figures: series.sequences },
  { fault: 'Latency and cost had verdicts that nobody asked for.', figures: series.asked },
  { fault: 'Metrics that could have no verdict weakened those that could.', figures: series.family },
  { fault: 'A gate passed whatever had failed.', figures: series.gateFailures },
]
