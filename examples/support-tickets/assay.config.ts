/** The functions of the demo's server: both versions of the classifier and a custom evaluator. */
import { setTimeout } from 'node:timers/promises'
import { defineConfig, type TaskContext, type TaskItem } from 'assay'
import { keywordRules } from './keyword-rules.ts'
import { naiveBayes, trainNaiveBayes } from './naive-bayes.ts'
import { type Classification, type Ticket, trainingSplit } from './tickets.ts'

const trained = naiveBayes(trainNaiveBayes(trainingSplit()))

export default defineConfig({
  tasks: {
    'keyword rules': { description: 'Lists of words per category', run: paced(keywordRules) },
    'naive Bayes': { description: 'Learned from 600 training tickets', run: paced(trained) },
  },
  evaluators: {
    'calibration error': {
      description: 'Squared difference between confidence and correctness (Brier score)',
      direction: 'LOWER_IS_BETTER',
      evaluate: ({ output, expectedOutput }: { output: Classification; expectedOutput: string }) =>
        (output.confidence - (output.category === expectedOutput ? 1 : 0)) ** 2,
    },
  },
})

/** A classifier with an artificial delay, set by `demo.ts --pace`. */
function paced(classify: (ticket: Ticket) => Classification) {
  const pace = Number(process.env.DEMO_PACE_MS ?? 0)
  return async (ticket: Ticket, _item: TaskItem, { signal }: TaskContext) => {
    if (pace > 0) await setTimeout(pace, undefined, { signal })
    return classify(ticket)
  }
}
