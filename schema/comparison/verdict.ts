import type { OnTheseItems as OnTheseItemsShape } from '../../src/engine/comparison/compare-metrics.ts'
import { builder } from '../builder.ts'
import { Interval } from './interval.ts'

export const Verdict = builder.enumType('Verdict', {
  description: 'Conclusions about a candidate by one metric; rules in docs/statistics.md.',
  values: {
    IMPROVED: { description: 'Significantly better; on these items: better by more than the margin.' },
    REGRESSED: { description: 'Significantly worse; on these items: worse by more than the margin.' },
    EQUIVALENT: { description: 'Neither better nor worse by more than the margin.' },
    NOT_WORSE: { description: 'Not worse by more than the margin: a larger loss is ruled out.' },
    INCONCLUSIVE: { description: 'Undecided; `reason` says why. It does not mean "no difference".' },
  },
})

export const Question = builder.enumType('Question', {
  description: 'What a comparison asks.',
  values: {
    ON_THESE_ITEMS: {
      description:
        'Is it better on exactly these items? Nothing is left to chance once all are executed, except that a system\nmay answer differently the next time.',
    },
    ON_ITEMS_LIKE_THESE: { description: 'Is it better on items like these, of which they are a sample?' },
  },
})

export const InconclusiveReason = builder.enumType('InconclusiveReason', {
  description: 'Why a verdict is INCONCLUSIVE.',
  values: {
    NO_DIRECTION: { description: 'No value of the metric is better than another.' },
    NO_PAIRS: { description: 'No item has a value in both runs.' },
    NOT_ASKED: { description: 'Latency or cost, without a margin and not a primary metric: name it to get a verdict.' },
    NOT_FINISHED: { description: 'The runs have not executed all items.' },
    STOPPED_EARLY: { description: 'A run was stopped by its comparison: finish the run, or ask about these items.' },
    MISSING_VALUES: { description: 'Values are missing that could turn it: calls or evaluators failed.' },
    OTHER_METRICS: {
      description: 'A difference like this is expected by chance among that many metrics and candidates.',
    },
    TOO_FEW_PAIRS: { description: 'So few pairs cannot show anything, whatever they are.' },
    SPANS_ZERO: { description: 'The interval contains both gains and losses; `detectable` would have been seen.' },
  },
})

export const OnTheseItems = builder.objectRef<OnTheseItemsShape>('OnTheseItems').implement({
  description:
    'The answer for exactly these items, valid at any time: while they are executed, from a sequence without replacement.\nThat answers vary from one call to the next is not covered: another run of the same system may differ.',
  fields: (t) => ({
    verdict: t.expose('verdict', { type: Verdict, description: 'The conclusion.' }),
    reason: t.expose('reason', {
      type: InconclusiveReason,
      nullable: true,
      description: 'Why it is INCONCLUSIVE; null otherwise.',
    }),
    interval: t.expose('interval', {
      type: Interval,
      nullable: true,
      description:
        'Of the mean difference over all items: while they are executed with 95 % confidence, afterwards for certain,\nand a single value if none is missing. Null without bounds.',
    }),
  }),
})
