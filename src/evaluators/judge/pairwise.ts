/**
 * Which of two outputs of an item a model finds better: that of the run, or that of a baseline. It is asked twice, with the
 * outputs in both orders, since models prefer a place. Only what it says both times counts; two answers that contradict
 * each other are a tie, with a label of its own so that they can be counted.
 */
import * as z from 'zod'
import type { Evaluate, Evaluation, EvaluationInput } from '../../domain/evaluation.ts'
import type { Json } from '../../domain/json/json.ts'
import { replaceUnstorable } from '../../domain/json/storable.ts'
import type { JudgeScale, JudgeSpec, PairwiseSpec } from '../../domain/judge.ts'
import { invalidInput, parseInput } from '../../domain/parse-input.ts'
import type { PromptMessage } from '../../domain/prompt/prompt.ts'
import type { Judged, JudgeParts } from './ask-judge.ts'
import { openJudge, parseJudge } from './judge.ts'

const scale: JudgeScale = {
  labels: [
    { label: 'first', value: 1, description: 'The first output is better.' },
    { label: 'second', value: 0, description: 'The second output is better.' },
    { label: 'tie', value: 0.5, description: 'Neither is better: they differ in nothing that matters.' },
  ],
}

const places = { first: '$.output.first', second: '$.output.second' }

const usualMessages: PromptMessage[] = [
  {
    role: 'SYSTEM',
    content: `You compare two outputs for the same request. Decide which of them serves the person who has asked better: correct first, then complete, then clear.
The order in which they are shown, their length and their style say nothing about which is better. If they differ in nothing that matters to that person, it is a tie.`,
  },
  { role: 'USER', content: 'The request, and two outputs:\n\n{{input}}\n\n{{first}}\n\n{{second}}' },
]

const schema = z.looseObject({
  baselineId: z.uuid(),
  messages: z.unknown().optional(),
  variables: z.unknown().optional(),
})

/** @throws {InvalidInputError} */
export function parsePairwise(input: unknown, path: readonly string[]): PairwiseSpec {
  const { baselineId, messages, variables, scale: _scale, kind: _kind, ...given } = parseInput(schema, input, path)
  const own = (variables ?? {}) as Record<string, string>
  const spec = parseJudge(
    { ...given, kind: 'judge', messages: messages ?? usualMessages, variables: { ...own, ...places }, scale },
    path,
  )
  const shown = spec.messages.map(({ content }) => content).join('\n')
  for (const name of ['first', 'second']) {
    if (shown.includes(`{{${name}}}`)) continue
    throw invalidInput([...path, 'messages'], 'expected messages that show {{first}} and {{second}}', messages)
  }
  return { ...spec, kind: 'pairwise', baselineId }
}

export interface PairwiseParts extends JudgeParts {
  /** The output of another run for the item of a call; null where it has none. */
  outputOf: (runId: string, subject: Parameters<Evaluate>[1]['subject']) => Promise<{ output: Json } | null>
}

export function createPairwise({ baselineId, ...spec }: PairwiseSpec, name: string, parts: PairwiseParts): Evaluate {
  const judge = openJudge({ ...spec, kind: 'judge' } satisfies JudgeSpec, parts)
  return async (item, { signal, subject }) => {
    const baseline = await parts.outputOf(baselineId, subject)
    if (baseline === null) return []
    const ask = (first: Json, second: Json) => judge(withOutput(item, { first, second }), signal)
    const [after, before] = await Promise.all([ask(baseline.output, item.output), ask(item.output, baseline.output)])
    if (after === null || before === null) return []
    return [evaluationOf(name, before, after)]
  }
}

function withOutput(item: EvaluationInput, output: Json): EvaluationInput {
  return { ...item, output }
}

/** @param before what it said with the run's output first @param after with that second */
function evaluationOf(name: string, before: Judged, after: Judged): Evaluation {
  const [one, other] = [before.value ?? 0.5, 1 - (after.value ?? 0.5)]
  const label = one !== other ? 'inconsistent' : one === 0.5 ? 'tie' : one === 1 ? 'candidate' : 'baseline'
  const costs = [before, after].map(({ spent }) => spent.costUsd)
  return {
    ...{ name, dataType: 'NUMERIC', label },
    value: one === other ? one : 0.5,
    comment: replaceUnstorable(`Shown first: ${before.reason}\n\nShown second: ${after.reason}`),
    metadata: { shownFirst: before.label, shownSecond: after.label },
    costUsd: costs.includes(null) ? null : costs.reduce<number>((sum, cost) => sum + (cost ?? 0), 0),
  }
}
