/** Which outputs of a run to label next. */
import { listLabelCandidates } from '../../src/db/sql/review/label-candidates.ts'
import type { ShownRunItem } from '../../src/db/sql/run-item/run-item-columns.ts'
import { parseScoreName } from '../../src/domain/score.ts'
import { committeeOf } from '../../src/engine/review/committee.ts'
import { builder } from '../builder.ts'
import { connectionOf, RunItemRef, RunRef } from '../refs.ts'
import { listConnection } from '../relay/connection.ts'
import { LabelPriority } from './review-selection.ts'

type Candidate = ShownRunItem & { information: number }

const LabelCandidate = builder.objectRef<Candidate>('LabelCandidate').implement({
  description: 'An output that no person has scored.',
  fields: (t) => ({
    runItem: t.field({ type: RunItemRef, description: 'The output.', resolve: (candidate) => candidate }),
    information: t.exposeFloat('information', {
      description: 'How much its label is expected to say, in the units of what it was ordered by.',
    }),
  }),
})

const LabelCandidateConnection = connectionOf('LabelCandidate', LabelCandidate)

builder.objectFields(RunRef, (t) => ({
  labelNext: t.field({
    type: LabelCandidateConnection,
    description:
      'The outputs that no person has given a score, those first whose label is expected to say most.\nTo draw them so that their labels stand for all outputs, make a review queue of `informative` ones.',
    args: {
      ...t.arg.connectionArgs(),
      score: t.arg.string({ required: true, description: 'The name of the score that people give.' }),
      by: t.arg({ type: LabelPriority, description: 'What says how much it teaches; default: DISAGREEMENT.' }),
      between: t.arg.stringList({
        description:
          'The evaluators that may disagree, by the names of their scores; default: all of the type of `score`.',
      }),
    },
    resolve: async (run, { score, by, between, ...page }, context) => {
      const name = parseScoreName(score)
      const measure = by ?? 'DISAGREEMENT'
      const committee = { score: name, by: measure, between: between ?? [] }
      const names = await committeeOf(context.services.db, run, committee, [])
      const order = `${measure} ${JSON.stringify([name, ...names])}`
      return listConnection<Candidate>(context, listLabelCandidates(name, measure, names), order, run.id, page)
    },
  }),
}))
