/** How far the outputs of the run are scored again, and the way to end it. */
import { Button } from '@mantine/core'
import { useMutation } from 'urql'
import { formatCount } from '../../components/number-format.ts'
import { notifyOf } from '../../data/mutate.ts'
import { graphql } from '../../gql/gql.ts'
import classes from './run-page.module.css'
import type { RunPageRun } from './run-query.ts'

const cancel = graphql(`
  mutation CancelRescoring($input: CancelRescoringInput!) {
    cancelRescoring(input: $input) {
      ... on CancelRescoringPayload { run { ...RunSummary } }
      ... on UserError { message path }
    }
  }
`)

export default function RescoringNotice({ run: { id, scoring } }: { run: Pick<RunPageRun, 'id' | 'scoring'> }) {
  const [cancelling, cancelRescoring] = useMutation(cancel)
  if (scoring?.status === 'STOPPED') {
    return (
      <p className={classes.corrected}>
        Scoring it again was ended by a budget, after {formatCount(scoring.done)} of {formatCount(scoring.total)}{' '}
        evaluations.
      </p>
    )
  }
  if (scoring?.status !== 'RUNNING') return null
  return (
    <p className={classes.rescoring} role="status">
      It is scored again: {formatCount(scoring.done)} of {formatCount(scoring.total)} evaluations.
      <Button
        size="compact-xs"
        variant="default"
        loading={cancelling.fetching}
        onClick={async () => notifyOf(await cancelRescoring({ input: { id } }))}
      >
        End it
      </Button>
    </p>
  )
}
