/** What people would say of all items, where they have judged some of those that an evaluator has scored. */
import { useQuery } from 'urql'
import { formatScore, formatShare, plural } from '../../components/number-format.ts'
import { graphql } from '../../gql/gql.ts'
import type { ScoreDataType } from '../../gql/graphql.ts'
import classes from './run-page.module.css'
import type { RunPageRun } from './run-query.ts'

const correctedQuery = graphql(`
  query CorrectedScore($id: ID!, $name: String!) {
    run(id: $id) {
      id
      correctedScore(name: $name) { labelled mean predictionPowered { mean interval { low high } } }
    }
  }
`)

export default function CorrectedScores({ run }: { run: RunPageRun }) {
  const { scores } = run.stats
  const both = scores.filter(
    ({ name, source, mean }) =>
      source === 'EVALUATOR' &&
      mean !== null &&
      scores.some((other) => other.name === name && other.source === 'HUMAN'),
  )
  return both.map(({ name, dataType }) => <Corrected key={name} runId={run.id} name={name} dataType={dataType} />)
}

function Corrected({ runId, name, dataType }: { runId: string; name: string; dataType: ScoreDataType }) {
  const [{ data }] = useQuery({ query: correctedQuery, variables: { id: runId, name } })
  const found = data?.run?.correctedScore
  const corrected = found?.predictionPowered
  if (!found || !corrected) return null
  const isShare = dataType === 'BOOLEAN'
  const write = (value: number) => (isShare ? formatShare(value) : formatScore(value))
  const end = (value: number) => (isShare ? (value * 100).toFixed(1) : formatScore(value))
  return (
    <p className={classes.corrected}>
      <strong>{name}</strong> corrected by {plural(found.labelled, 'verdict')} of people: {write(corrected.mean)} (
      {end(corrected.interval.low)} to {end(corrected.interval.high)}); the evaluator alone says{' '}
      {found.mean === null ? '–' : write(found.mean)}. This holds for verdicts on items drawn at random.
    </p>
  )
}
