/** Sets and removes a person's own score of an item. */
import { useMutation } from 'urql'
import { notifyOf } from '../../data/mutate.ts'
import { graphql } from '../../gql/gql.ts'
import type { ItemScore } from '../score-value.ts'
import type { Choice } from './label-choices.ts'

const setScore = graphql(`
  mutation LabelItem($input: SetScoreInput!) {
    setScore(input: $input) {
      ... on SetScorePayload { score { id name source value label } }
      ... on UserError { message path }
    }
  }
`)

const deleteScore = graphql(`
  mutation UnlabelItem($input: DeleteScoreInput!) {
    deleteScore(input: $input) { ... on DeleteScorePayload { deletedId } ... on UserError { message path } }
  }
`)

/** What somebody labels with who has not chosen a name yet. */
export const defaultLabel = 'good'

interface Labels {
  own: ItemScore | undefined
  /** @returns whether it worked; if not, the person was told */
  label: (choice: Choice, comment?: string) => Promise<boolean>
  unlabel: () => Promise<boolean>
}

/** @param author name of the person; default: whoever has labelled it */
export function useLabels(item: { id: string; scores: readonly ItemScore[] }, name: string, author?: string): Labels {
  const [, set] = useMutation(setScore)
  const [, remove] = useMutation(deleteScore)
  const own = item.scores.find(
    (score) => score.name === name && score.source === 'HUMAN' && (author === undefined || score.author === author),
  )
  return {
    own,
    async label({ dataType, value, label }, comment) {
      const target = { runItemId: item.id }
      return notifyOf(await set({ input: { name, dataType, value, label, comment, source: 'HUMAN', target } }))
    },
    async unlabel() {
      return own !== undefined && notifyOf(await remove({ input: { id: own.id } }))
    },
  }
}
