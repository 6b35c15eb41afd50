/** A model that scores outputs: its prompt and data (judge-data.ts), and how it gives its verdict (judge-answer.ts). */
import * as z from 'zod'
import type { Evaluate, Evaluation, ScoreDataType, ScoreRules } from '../../domain/evaluation.ts'
import { replaceUnstorable } from '../../domain/json/storable.ts'
import { type JudgeLabel, type JudgeScale, type JudgeSpec, judgeMethods } from '../../domain/judge.ts'
import { invalidInput, name, optional, parseInput, text } from '../../domain/parse-input.ts'
import { promptRoles } from '../../domain/prompt/prompt.ts'
import { fileDownload } from '../../models/download.ts'
import { openModel } from '../../models/open-model.ts'
import { providerFetch } from '../../models/provider-fetch.ts'
import { newTraceparent } from '../../models/traceparent.ts'
import { parseModelParameters } from '../../tasks/prompt-content.ts'
import { type AskJudge, type CallJudge, type Judged, JudgeModel, type JudgeParts } from './ask-judge.ts'
import { judgeCatalogue } from './catalogue.ts'
import { openDecider } from './decider.ts'
import { compileJudgeData } from './judge-data.ts'

const label = z.strictObject({
  label: text
    .min(1)
    .max(100)
    .refine((value) => value === value.trim(), 'expected a label without surrounding space'),
  value: optional(z.number().min(-1e9).max(1e9), null),
  description: optional(text.min(1).max(2_000), null),
})

const schema = z.strictObject({
  kind: z.literal('judge'),
  provider: name,
  model: text.min(1).max(200),
  template: optional(text, null),
  messages: z
    .array(z.strictObject({ role: z.enum(promptRoles), content: text.max(100_000) }))
    .min(1)
    .max(50)
    .nullish(),
  variables: z.record(z.string(), text.max(1_000)).nullish(),
  method: optional(z.enum(judgeMethods), 'STRUCTURED'),
  scale: z
    .strictObject({
      labels: z.array(label).min(2).max(20).nullish(),
      min: z.number().nullish(),
      max: z.number().nullish(),
    })
    .nullish(),
  parameters: z.unknown().optional(),
  wording: optional(z.literal(1), 1),
})

/**
 * Checks a judge as passed by a client. What it leaves out is that of its template in the catalogue.
 * @param path its position in the caller's input
 * @throws {InvalidInputError}
 */
export function parseJudge(input: unknown, path: readonly string[]): JudgeSpec {
  const { messages, variables, scale, parameters, ...given } = parseInput(schema, input, path)
  const template = given.template === null ? null : templateNamed(given.template, [...path, 'template'])
  const required = <T>(member: string, value: T | undefined): T => {
    if (value !== undefined) return value
    throw invalidInput([...path, member], 'expected it, or a template that has it', undefined)
  }
  const spec: JudgeSpec = {
    ...given,
    messages: required('messages', messages ?? template?.messages),
    variables: variables ?? template?.variables ?? {},
    scale: required('scale', scale ? parseScale(scale, [...path, 'scale']) : template?.scale),
    parameters: { temperature: 0, ...parseModelParameters(parameters ?? {}, [...path, 'parameters']) },
  }
  compileJudgeData(spec, path)
  if (spec.method === 'DECISION' && !('labels' in spec.scale)) {
    throw invalidInput(
      [...path, 'method'],
      'expected STRUCTURED or TEXT for a range: a model decides among labels',
      spec.method,
    )
  }
  return spec
}

function templateNamed(given: string, at: readonly string[]) {
  const found = judgeCatalogue.find(({ name }) => name === given)
  if (found) return found
  throw invalidInput(at, `expected one of ${judgeCatalogue.map(({ name }) => name).join(', ')}`, given)
}

type GivenScale = NonNullable<z.output<typeof schema>['scale']>

function parseScale({ labels, min, max }: GivenScale, at: readonly string[]): JudgeScale {
  if ((labels == null) === (min == null && max == null)) {
    throw invalidInput(at, 'expected either labels or a range', { labels, min, max })
  }
  if (labels == null) {
    if (min == null || max == null || min >= max) throw invalidInput(at, 'expected a min below a max', { min, max })
    return { min, max }
  }
  requireDifferent(labels, at)
  const valued = labels.filter(({ value }) => value !== null)
  if (valued.length !== 0 && valued.length !== labels.length) {
    const index = labels.findIndex(({ value }) => value === null)
    throw invalidInput([...at, 'labels', String(index), 'value'], 'expected a value for every label, or for none', null)
  }
  if (valued.length > 0 && new Set(valued.map(({ value }) => value)).size < 2) {
    throw invalidInput([...at, 'labels'], 'expected labels with different values', labels)
  }
  return { labels }
}

function requireDifferent(labels: readonly JudgeLabel[], at: readonly string[]): void {
  const keys = labels.map(({ label }) => label.toLowerCase())
  const twice = keys.findIndex((key, index) => keys.indexOf(key) < index)
  if (twice === -1) return
  throw invalidInput(
    [...at, 'labels', String(twice), 'label'],
    'expected labels that differ, whatever their case',
    labels[twice]?.label,
  )
}

/** What the scale of a judge says of its scores: labels that are worth 0 and 1 are yes and no, labels without values categories. */
export function rulesOfJudge({ scale }: JudgeSpec): Partial<ScoreRules> & { dataType: ScoreDataType } {
  if (!('labels' in scale)) return { dataType: 'NUMERIC', min: scale.min, max: scale.max }
  const values = scale.labels.flatMap(({ value }) => value ?? [])
  if (values.length === 0) return { dataType: 'CATEGORICAL', categories: scale.labels.map(({ label }) => label) }
  if (values.every((value) => value === 0 || value === 1)) return { dataType: 'BOOLEAN' }
  return { dataType: 'NUMERIC', min: Math.min(...values), max: Math.max(...values) }
}

export function openJudge(spec: JudgeSpec, parts: JudgeParts): AskJudge {
  if (spec.method === 'DECISION') return openDecider(spec, parts)
  const { http, connect, prices } = parts
  const render = compileJudgeData(spec, ['definition', 'judge'])
  const model = new JudgeModel(spec)
  const fetch = providerFetch(http.dispatcher)
  const download = fileDownload(fetch)
  let opening: ReturnType<typeof open> | null = null
  const open = async () => {
    const access = await connect(spec.provider)
    return { access, model: await openModel(access, spec.model, fetch) }
  }
  const call: CallJudge = async ({ instructions, messages, schema, tool, withTemperature }, signal) => {
    // One that failed is tried again: somebody may have set the key meanwhile.
    opening ??= open().catch((error) => {
      opening = null
      throw error
    })
    // Not before it is needed: a server checks judges, and calls none.
    const { callModel } = await import('../../models/call-model.ts')
    const { temperature, ...parameters } = spec.parameters
    const settings = { stream: false, firstTokenTimeoutMs: null, nextTokenTimeoutMs: null, maxSteps: 1 } as const
    return callModel(
      {
        ...(await opening),
        ...settings,
        instructions,
        messages,
        parameters: { ...parameters, ...(withTemperature && temperature !== undefined && { temperature }) },
        output: schema !== null && tool === null ? { schema, check: null } : null,
        tools: schema !== null && tool !== null ? [{ name: tool, inputSchema: schema }] : [],
        ...(tool !== null && { toolChoice: 'required' as const }),
        prices,
        download,
      },
      { signal, traceparent: newTraceparent() },
    )
  }
  return async (item, signal) => {
    const messages = render(item)
    return messages && model.ask(messages, call, signal)
  }
}

export function createJudge(spec: JudgeSpec, scoreName: string, parts: JudgeParts): Evaluate {
  const ask = openJudge(spec, parts)
  const { dataType } = rulesOfJudge(spec)
  return async (item, { signal }) => {
    const judged = await ask(item, signal)
    return judged === null ? [] : [evaluationOf(judged, { name: scoreName, dataType })]
  }
}

function evaluationOf(
  { reason, label, value, form, distribution, repaired, spent }: Judged,
  declared: Pick<Evaluation, 'name' | 'dataType'>,
): Evaluation {
  const { inputTokens, outputTokens, costUsd, generation } = spent
  return {
    ...declared,
    value,
    label,
    comment: reason === '' ? null : replaceUnstorable(reason),
    metadata: {
      form,
      ...(distribution && { distribution }),
      repaired,
      model: generation?.model ?? null,
      inputTokens,
      outputTokens,
    },
    costUsd,
  }
}
