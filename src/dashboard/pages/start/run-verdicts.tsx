import { useQuery } from 'urql'
import { VerdictChip } from '../../components/verdict-chip.tsx'
import { graphql } from '../../gql/gql.ts'
import classes from './start-page.module.css'

const verdictsQuery = graphql(`
  query RunVerdicts($runId: ID!) {
    compareRuns(candidateIds: [$runId]) { metrics { ...MetricFigures } }
  }
`)

/** What the approved baseline of its dataset says of a finished run: one chip for every score. */
export function RunVerdicts({ runId }: { runId: string }) {
  const [{ data }] = useQuery({ query: verdictsQuery, variables: { runId }, requestPolicy: 'cache-first' })
  const scores =
    data?.compareRuns?.metrics.filter(({ metric, direction }) => metric.kind === 'SCORE' && direction !== 'NONE') ?? []
  return (
    <span className={classes.verdicts}>
      {scores.slice(0, 3).map((metric) => (
        <VerdictChip key={`${metric.metric.source} ${metric.metric.name}`} metric={metric} />
      ))}
    </span>
  )
}
