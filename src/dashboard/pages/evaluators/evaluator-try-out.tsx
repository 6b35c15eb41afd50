/** Scores outputs of a run, and an output of one's own, without recording anything. */
import { Button, Select, Stack, Text, Textarea } from '@mantine/core'
import { IconBolt } from '@tabler/icons-react'
import { useState } from 'react'
import { useMutation, useQuery } from 'urql'
import { formatAge } from '../../components/number-format.ts'
import { titleOfRun } from '../../components/run-name.ts'
import { writeScore } from '../../components/score-value.ts'
import { previewOf } from '../../components/value-preview.ts'
import { problemOf } from '../../data/mutate.ts'
import type { EvaluatorDefinitionInput, OutputsToTryQuery, PreviewEvaluatorOfFormMutation } from '../../gql/graphql.ts'
import { outputsToTry, previewEvaluator, runsToTry } from './evaluator-query.ts'
import classes from './evaluators-page.module.css'

interface Props {
  /** What is tried; null, after saying so, while it has problems. */
  subject: () => { definition: EvaluatorDefinitionInput } | { id: string } | null
  runId: string | undefined
  onRun: (id: string | undefined) => void
}

type Item = NonNullable<Extract<NonNullable<OutputsToTryQuery['node']>, { items: unknown }>['items']>['nodes'][number]
type Preview = Extract<PreviewEvaluatorOfFormMutation['previewEvaluator'], { evaluations: unknown }>

export function EvaluatorTryOut({ subject, runId, onRun }: Props) {
  const [runs] = useQuery({ query: runsToTry })
  const listed = runs.data?.runs?.nodes ?? []
  const shown = runId ?? listed[0]?.id ?? null
  const [after, setAfter] = useState<string | null>(null)
  const [{ data }] = useQuery({ query: outputsToTry, variables: { id: shown ?? '', after }, pause: shown === null })
  const page = shown !== null && data?.node && 'items' in data.node ? data.node.items : null
  const [, preview] = useMutation(previewEvaluator)
  const [isBusy, setBusy] = useState(false)
  const [found, setFound] = useState<Readonly<Record<string, string>>>({})
  const [output, setOutput] = useState('')
  const [expected, setExpected] = useState('')

  async function scoreItems(items: readonly Item[]) {
    const of = subject()
    if (!of) return
    setBusy(true)
    const scored = await Promise.all(
      items.map(async (item) => {
        const { input, output, expectedOutput, latencyMs, costUsd, revision } = item
        const given = { input, output, expectedOutput, latencyMs, costUsd, metadata: revision.metadata }
        return [item.id, describe(await preview({ input: { ...of, ...given } }))] as const
      }),
    )
    setFound(Object.fromEntries(scored))
    setBusy(false)
  }

  async function scoreOwn() {
    const of = subject()
    if (!of) return
    const input = { ...of, output: parsed(output), expectedOutput: parsed(expected) }
    setFound({ ...found, own: describe(await preview({ input })) })
  }

  return (
    <Stack>
      {listed.length > 0 && (
        <>
          <Select
            label="On outputs of"
            allowDeselect={false}
            searchable
            data={listed.map(({ id, name, createdAt, dataset }) => ({
              value: id,
              label: `${titleOfRun(name)} · ${dataset.name} · ${formatAge(createdAt, Date.now())}`,
            }))}
            value={shown}
            onChange={(id) => {
              setAfter(null)
              setFound({})
              onRun(id ?? undefined)
            }}
          />
          {page && page.nodes.length === 0 && (
            <Text size="sm" c="dimmed">
              No item of it has an output.
            </Text>
          )}
          {page && page.nodes.length > 0 && (
            <>
              <ul className={classes.tried} aria-label="Outputs" aria-live="polite">
                {page.nodes.map(({ id, output, expectedOutput }) => (
                  <li key={id}>
                    <span className={classes.output}>{previewOf(output) || '–'}</span>
                    <span className={classes.faint}>expected {previewOf(expectedOutput) || 'nothing'}</span>
                    {found[id] && <span className={classes.score}>{found[id]}</span>}
                  </li>
                ))}
              </ul>
              <div className={classes.tryActions}>
                <Button
                  size="xs"
                  variant="default"
                  leftSection={<IconBolt size={15} aria-hidden />}
                  loading={isBusy}
                  onClick={() => scoreItems(page.nodes)}
                >
                  Score these
                </Button>
                {page.pageInfo.hasNextPage && (
                  <Button size="xs" variant="subtle" onClick={() => setAfter(page.pageInfo.endCursor ?? null)}>
                    Next five
                  </Button>
                )}
              </div>
            </>
          )}
        </>
      )}
      <div className={classes.own}>
        <Textarea
          label="Output of your own"
          autosize
          minRows={1}
          maxRows={8}
          value={output}
          onChange={(event) => setOutput(event.currentTarget.value)}
        />
        <Textarea
          label="Expected output"
          autosize
          minRows={1}
          maxRows={8}
          value={expected}
          onChange={(event) => setExpected(event.currentTarget.value)}
        />
        <div className={classes.tryActions}>
          <Button size="xs" variant="default" leftSection={<IconBolt size={15} aria-hidden />} onClick={scoreOwn}>
            Try it
          </Button>
          <Text size="sm" role="status" className={classes.score}>
            {found.own}
          </Text>
        </div>
      </div>
    </Stack>
  )
}

function describe(result: Parameters<typeof problemOf>[0] & { data?: { previewEvaluator: object } | null }): string {
  const outcome = result.data?.previewEvaluator as Preview | undefined
  if (!outcome || !('evaluations' in outcome)) return problemOf(result)?.message ?? 'It could not be tried.'
  if (outcome.error) return outcome.error.message
  if (outcome.evaluations.length === 0) return 'It gives no score here.'
  return outcome.evaluations
    .map(
      ({ dataType, value, label, comment }) => `${writeScore(dataType, value, label)}${comment ? `: ${comment}` : ''}`,
    )
    .join(', ')
}

/** Texts that are JSON are taken as such. */
function parsed(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return text
  }
}
