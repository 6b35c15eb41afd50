/** What scores the outputs of runs: which evaluators there are, which are active, and new ones. */
import { Button, Skeleton, Switch } from '@mantine/core'
import { IconGavel, IconPlus } from '@tabler/icons-react'
import { getRouteApi } from '@tanstack/react-router'
import { useMutation, useQuery } from 'urql'
import { Answer } from '../../components/answer.tsx'
import { EmptyState } from '../../components/empty-state.tsx'
import { Page } from '../../components/page.tsx'
import { previewOf } from '../../components/value-preview.ts'
import { notifyOf } from '../../data/mutate.ts'
import { graphql } from '../../gql/gql.ts'
import type { EvaluatorsPageQuery } from '../../gql/graphql.ts'
import classes from './evaluators-page.module.css'
import { NewEvaluator } from './new-evaluator.tsx'

const evaluatorsPage = graphql(`
  query EvaluatorsPage {
    evaluators(first: 100) {
      nodes {
        id
        name
        description
        active
        dataType
        direction
        sampling
        version
        datasets { id name }
        definition {
          __typename
          ... on BuiltinEvaluator { type options }
          ... on ModuleEvaluator { name }
        }
      }
    }
    modules { name kind description dataType }
  }
`)

const setActive = graphql(`
  mutation SetEvaluatorActive($input: UpdateEvaluatorInput!) {
    updateEvaluator(input: $input) {
      ... on UpdateEvaluatorPayload { evaluator { id active } }
      ... on UserError { message path }
    }
  }
`)

type Evaluator = NonNullable<EvaluatorsPageQuery['evaluators']>['nodes'][number]

const route = getRouteApi('/evaluators')

export function EvaluatorsPage() {
  const { add } = route.useSearch()
  const navigate = route.useNavigate()
  const [result, reread] = useQuery({ query: evaluatorsPage })
  const [, update] = useMutation(setActive)
  return (
    <Page
      title="Evaluators"
      description="They score every output of the runs of experiments that name no evaluators, or name these. A run keeps the version it started with."
      actions={
        <Button
          leftSection={<IconPlus size={16} aria-hidden />}
          onClick={() => void navigate({ search: { add: true } })}
        >
          New evaluator
        </Button>
      }
    >
      <Answer of={result} retry={reread} skeleton={<Skeleton height={240} />}>
        {({ evaluators, modules }) => (
          <>
            {evaluators?.nodes.length === 0 ? (
              <EmptyState
                icon={<IconGavel size={38} stroke={1.3} color="var(--accent)" aria-hidden />}
                title="No evaluator yet"
                message="Without one a run records outputs, latency and cost. An evaluator compares each output with what is expected, or judges it by a function."
              >
                <Button onClick={() => void navigate({ search: { add: true } })}>New evaluator</Button>
              </EmptyState>
            ) : (
              // biome-ignore lint/a11y/noNoninteractiveTabindex: a region that scrolls must be reachable by keyboard
              <section className={classes.scroller} aria-label="Evaluators" tabIndex={0}>
                <table className={classes.table}>
                  <thead>
                    <tr>
                      <th scope="col">Name</th>
                      <th scope="col">How it scores</th>
                      <th scope="col">Its scores</th>
                      <th scope="col">Datasets</th>
                      <th scope="col">Version</th>
                      <th scope="col">Active</th>
                    </tr>
                  </thead>
                  <tbody>
                    {evaluators?.nodes.map((evaluator) => (
                      <tr key={evaluator.id}>
                        <th scope="row">
                          {evaluator.name}
                          {evaluator.description && <div className={classes.faint}>{evaluator.description}</div>}
                        </th>
                        <td>{describeDefinition(evaluator)}</td>
                        <td>
                          {typeWords[evaluator.dataType] ?? evaluator.dataType.toLowerCase()}
                          <div className={classes.faint}>{directionWords[evaluator.direction]}</div>
                        </td>
                        <td>{evaluator.datasets.map(({ name }) => name).join(', ') || 'all'}</td>
                        <td className={classes.number}>{evaluator.version}</td>
                        <td>
                          <Switch
                            aria-label={`${evaluator.name} is active`}
                            checked={evaluator.active}
                            onChange={async (event) =>
                              notifyOf(
                                await update({ input: { id: evaluator.id, active: event.currentTarget.checked } }),
                              )
                            }
                          />
                        </td>
                      </tr>
                    ))}
                  </tbody>
                </table>
              </section>
            )}
            <NewEvaluator
              opened={add ?? false}
              functions={modules.filter(({ kind }) => kind === 'EVALUATOR')}
              onClose={() => void navigate({ search: { add: undefined } })}
              onCreated={() => reread({ requestPolicy: 'network-only' })}
            />
          </>
        )}
      </Answer>
    </Page>
  )
}

const typeWords: Record<string, string> = {
  NUMERIC: 'a number',
  BOOLEAN: 'yes or no',
  CATEGORICAL: 'a category',
  TEXT: 'a text',
}

const directionWords: Record<string, string> = {
  HIGHER_IS_BETTER: 'higher is better',
  LOWER_IS_BETTER: 'lower is better',
  NONE: 'neither is better',
}

function describeDefinition({ definition, sampling }: Evaluator): string {
  const some = sampling < 1 ? `, on ${(sampling * 100).toFixed(0)} % of the items` : ''
  if (definition.__typename === 'ModuleEvaluator') return `The function ${definition.name}${some}`
  if (definition.__typename !== 'BuiltinEvaluator') return some
  const options = Object.entries(definition.options as object).filter(
    ([, value]) => value !== null && value !== false && value !== 0,
  )
  const shown = options.length > 0 ? `: ${previewOf(Object.fromEntries(options))}` : ''
  return `${definition.type.toLowerCase().replaceAll('_', ' ')}${shown}${some}`
}
