/** What scores the outputs of runs: which evaluators there are, and which are active. */

import { Button, Group, Skeleton, Switch, TextInput } from '@mantine/core'
import { useDebouncedCallback } from '@mantine/hooks'
import { IconGavel, IconPlus, IconSearch } from '@tabler/icons-react'
import { getRouteApi, Link } from '@tanstack/react-router'
import { useEffect, useState } from 'react'
import { useMutation, useQuery } from 'urql'
import { Answer } from '../../components/answer.tsx'
import { EmptyState } from '../../components/empty-state.tsx'
import { LinkButton } from '../../components/link-button.tsx'
import { Page } from '../../components/page.tsx'
import { directionWords, typeWords } from '../../components/score-rules/score-rules.ts'
import { previewOf } from '../../components/value-preview.ts'
import { notifyOf } from '../../data/mutate.ts'
import { usePageQuery } from '../../data/page-query.ts'
import type { EvaluatorFieldsFragment } from '../../gql/graphql.ts'
import { kindOfType } from './evaluator-kinds.ts'
import { evaluatorsPage, updateEvaluator } from './evaluator-query.ts'
import classes from './evaluators-page.module.css'
import type { EvaluatorsSearch } from './evaluators-search.ts'

const route = getRouteApi('/evaluators')

export function EvaluatorsPage() {
  const { q, after, archived } = route.useSearch()
  const navigate = route.useNavigate()
  const change = (now: Partial<EvaluatorsSearch>, replace = false) =>
    void navigate({ search: (before) => ({ ...before, ...now }), replace })
  const variables = { after, filter: { search: q, includeDeleted: archived ?? false } }
  usePageQuery(evaluatorsPage, variables)
  const [result, reread] = useQuery({ query: evaluatorsPage, variables })
  const [text, setText] = useState(q ?? '')
  useEffect(() => setText(q ?? ''), [q])
  const searchLater = useDebouncedCallback(
    (found: string) => change({ q: found || undefined, after: undefined }, true),
    300,
  )
  const add = (
    <LinkButton to="/evaluators/new" search={{}} leftSection={<IconPlus size={16} aria-hidden />}>
      New evaluator
    </LinkButton>
  )
  return (
    <Page
      title="Evaluators"
      description="They score every output of the runs of experiments that name no evaluators, or name these. A run keeps the version it started with."
      actions={add}
    >
      <Group gap="md">
        <TextInput
          size="xs"
          w={240}
          aria-label="Search in names and descriptions"
          placeholder="Search"
          leftSection={<IconSearch size={14} aria-hidden />}
          value={text}
          onChange={(event) => {
            setText(event.currentTarget.value)
            searchLater(event.currentTarget.value.trim())
          }}
        />
        <Switch
          size="xs"
          label="Show archived ones"
          checked={archived ?? false}
          onChange={(event) => change({ archived: event.currentTarget.checked || undefined, after: undefined })}
        />
      </Group>
      <Answer of={result} retry={reread} skeleton={<Skeleton height={240} />}>
        {({ evaluators }) => {
          const nodes = evaluators?.nodes ?? []
          if (nodes.length === 0) {
            return q === undefined ? (
              <EmptyState
                icon={<IconGavel size={38} stroke={1.3} color="var(--accent)" aria-hidden />}
                title="No evaluator yet"
                message="Without one a run records outputs, latency and cost. An evaluator compares each output with what is expected, or judges it by a function."
              >
                {add}
              </EmptyState>
            ) : (
              <EmptyState title="No evaluator is found" message={`None has “${q}” in its name or description.`} />
            )
          }
          return (
            <>
              <List evaluators={nodes} />
              {evaluators?.pageInfo.hasNextPage && (
                <Button variant="default" onClick={() => change({ after: evaluators.pageInfo.endCursor ?? undefined })}>
                  More evaluators
                </Button>
              )}
            </>
          )
        }}
      </Answer>
    </Page>
  )
}

function List({ evaluators }: { evaluators: readonly EvaluatorFieldsFragment[] }) {
  const [, update] = useMutation(updateEvaluator)
  return (
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
          {evaluators.map((evaluator) => (
            <tr key={evaluator.id}>
              <th scope="row">
                <Link
                  to="/evaluators/$evaluatorId"
                  params={{ evaluatorId: evaluator.id }}
                  search={{}}
                  className={classes.name}
                >
                  {evaluator.name}
                </Link>
                {evaluator.description && <div className={classes.faint}>{evaluator.description}</div>}
              </th>
              <td>{describeDefinition(evaluator)}</td>
              <td>
                {typeWords[evaluator.dataType]}
                <div className={classes.faint}>{directionWords[evaluator.direction]}</div>
              </td>
              <td>{evaluator.datasets.map(({ name }) => name).join(', ') || 'all'}</td>
              <td className={classes.number}>{evaluator.version}</td>
              <td>
                {evaluator.deletedAt ? (
                  <span className={classes.faint}>archived</span>
                ) : (
                  <Switch
                    aria-label={`${evaluator.name} is active`}
                    checked={evaluator.active}
                    onChange={async (event) =>
                      notifyOf(await update({ input: { id: evaluator.id, active: event.currentTarget.checked } }))
                    }
                  />
                )}
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </section>
  )
}

function describeDefinition({ definition, sampling }: EvaluatorFieldsFragment): string {
  const some = sampling < 1 ? `, on ${(sampling * 100).toFixed(0)} % of the items` : ''
  if (definition.__typename === 'ModuleEvaluator') return `The function ${definition.name}${some}`
  if (definition.__typename === 'ClientEvaluator') return `The function ${definition.clientName} of clients${some}`
  if (definition.__typename === 'JudgeEvaluator') {
    return `A judge${definition.template ? ` of ${definition.template}` : ''}: ${definition.model} of ${definition.provider}${some}`
  }
  if (definition.__typename !== 'BuiltinEvaluator') return `${kindOfType(definition.__typename)?.label ?? ''}${some}`
  const kind = kindOfType(definition.type)
  const usual = new Map<string, unknown>(kind?.fields.map(({ name, value }) => [name, value]))
  const options = Object.entries(definition.options as object).filter(
    ([name, value]) =>
      !['', 'null', 'false', '0', '[]'].includes(JSON.stringify(value ?? null)) &&
      value !== '' &&
      value !== usual.get(name),
  )
  const shown = options.length > 0 ? `: ${previewOf(Object.fromEntries(options))}` : ''
  return `${kind?.label ?? definition.type.toLowerCase().replaceAll('_', ' ')}${shown}${some}`
}
