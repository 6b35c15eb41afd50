/** What the form of a new review queue has, and the input that it makes. */
import type { CreateReviewQueueInput, ReviewSelectionInput } from '../../gql/graphql.ts'

export const queueKinds = {
  sample: 'A random sample',
  all: 'All outputs',
  informative: 'Those of which a label says most',
  disagreements: 'Those that scores disagree about',
  regressions: 'Those that got worse than the baseline',
} as const

export type QueueKind = keyof typeof queueKinds

export interface QueueDraft {
  name: string
  description: string
  kind: QueueKind
  /** Of samples; of what is chosen at most so many. */
  size: number
  /** What a sample is balanced by; null: all alike. */
  balance: string | null
  /** The scores that may disagree, or the one that got worse. */
  compared: string[]
  pairwise: boolean
  scores: string[]
  authorsPerItem: number
  /** Names, separated by commas; empty: everybody. */
  assignees: string
}

export function queueInput(draft: QueueDraft, runId: string, baselineId: string | null): CreateReviewQueueInput {
  const assignees = draft.assignees
    .split(',')
    .map((name) => name.trim())
    .filter((name) => name !== '')
  return {
    runId,
    baselineId,
    name: draft.name.trim(),
    description: draft.description.trim() || null,
    selection: selectionOf(draft),
    ...{ pairwise: draft.pairwise, scores: draft.scores, authorsPerItem: draft.authorsPerItem },
    assignees: assignees.length > 0 ? assignees : null,
  }
}

function selectionOf({ kind, size, balance, compared, scores }: QueueDraft): ReviewSelectionInput {
  switch (kind) {
    case 'all':
      return { all: true }
    case 'sample':
      return { sample: { size, balance } }
    case 'disagreements':
      return { disagreements: { scores: compared, atMost: size } }
    case 'regressions':
      return { regressions: { score: compared[0] ?? '', atMost: size } }
    case 'informative':
      return { informative: { size, score: scores[0] ?? '', between: compared } }
  }
}
