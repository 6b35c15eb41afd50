/** Judges: models that score outputs, and the catalogue to begin with. */
import type { JudgeLabel as JudgeLabelShape, JudgeSpec, JudgeScale as Scale } from '../../src/domain/judge.ts'
import { listJudgeTemplates } from '../../src/engine/judge-templates.ts'
import { builder } from '../builder.ts'
import { Direction } from '../enums.ts'
import { ModelParameters, PromptMessage } from '../prompt/prompt-content.ts'
import { ModelParametersInput, PromptMessageInput } from '../prompt/prompt-content-input.ts'

export const JudgeMethod = builder.enumType('JudgeMethod', {
  description: 'How a judge answers.',
  values: {
    STRUCTURED: {
      description: 'As data of a fixed form: by a schema where the model knows schemas, else by a tool, else as JSON.',
    },
    TEXT: { description: 'As a text that ends with a line for the verdict.' },
    DECISION: {
      description:
        'By a model that decides among the labels: it says how likely each is, in the metadata of the score, and no reason.\nOf OPENAI, ANTHROPIC and GOOGLE.',
    },
  },
})

const JudgeLabel = builder.objectRef<JudgeLabelShape>('JudgeLabel').implement({
  description: 'A verdict that a judge may give.',
  fields: (t) => ({
    label: t.exposeString('label', { description: 'The verdict.' }),
    value: t.exposeFloat('value', { nullable: true, description: 'The value of its score; null: it is a category.' }),
    description: t.exposeString('description', { nullable: true, description: 'When it applies, for the judge.' }),
  }),
})

const JudgeScale = builder.objectRef<Scale>('JudgeScale').implement({
  description: 'What a judge may answer: one of its labels, or a number in a range.',
  fields: (t) => ({
    labels: t.field({
      type: [JudgeLabel],
      nullable: true,
      description: 'The labels; null for numbers.',
      resolve: (scale) => ('labels' in scale ? scale.labels : null),
    }),
    min: t.float({
      nullable: true,
      description: 'The lowest number; null for labels.',
      resolve: (scale) => ('labels' in scale ? null : scale.min),
    }),
    max: t.float({
      nullable: true,
      description: 'The highest number; null for labels.',
      resolve: (scale) => ('labels' in scale ? null : scale.max),
    }),
  }),
})

interface Variable {
  name: string
  path: string
}

export const JudgeVariable = builder.objectRef<Variable>('JudgeVariable').implement({
  description: 'Data that the messages of a judge can show.',
  fields: (t) => ({
    name: t.exposeString('name', { description: 'Its name in templates, and its tag.' }),
    path: t.exposeString('path', { description: 'Where it is: a JSONPath.' }),
  }),
})

export function variablesOf({ variables }: { variables: Record<string, string> }): Variable[] {
  return Object.entries(variables).map(([name, path]) => ({ name, path }))
}

const messagesDescription = 'Templates, of the user with data: `{{output}}` is shown inside a tag of that name.'

export const JudgeEvaluator = builder.objectRef<JudgeSpec>('JudgeEvaluator').implement({
  description: 'A model that scores outputs.',
  fields: (t) => ({
    provider: t.exposeString('provider', { description: 'The name of the provider.' }),
    model: t.exposeString('model', { description: 'The model, as the provider calls it.' }),
    template: t.exposeString('template', {
      nullable: true,
      description: 'The template in `judgeTemplates` that it began as a copy of; null: none.',
    }),
    messages: t.expose('messages', { type: [PromptMessage], description: messagesDescription }),
    variables: t.field({
      type: [JudgeVariable],
      description:
        'Data by names of its own, besides `input`, `output`, `expectedOutput`, `metadata` and `trajectory`.',
      resolve: variablesOf,
    }),
    method: t.expose('method', { type: JudgeMethod, description: 'How it answers.' }),
    scale: t.expose('scale', { type: JudgeScale, description: 'What it may answer.' }),
    parameters: t.expose('parameters', { type: ModelParameters, description: 'Parameters of the model.' }),
  }),
})

const JudgeTemplate = builder.objectRef<ReturnType<typeof listJudgeTemplates>[number]>('JudgeTemplate').implement({
  description: 'A judge to begin with: what uses it gets a copy, which can be changed.',
  fields: (t) => ({
    name: t.exposeString('name', { description: 'Unique among the templates.' }),
    description: t.exposeString('description', { description: 'What it judges, and what it needs of an item.' }),
    direction: t.expose('direction', { type: Direction, description: 'Which of its scores are better.' }),
    messages: t.expose('messages', { type: [PromptMessage], description: messagesDescription }),
    variables: t.field({ type: [JudgeVariable], description: 'Data by names of its own.', resolve: variablesOf }),
    scale: t.expose('scale', { type: JudgeScale, description: 'What it may answer.' }),
  }),
})

builder.queryField('judgeTemplates', (t) =>
  t.field({
    type: [JudgeTemplate],
    description: 'Judges to begin with, which come with Assay; `JudgeInput.template` names one.',
    resolve: () => listJudgeTemplates(),
  }),
)

const JudgeLabelInput = builder.inputType('JudgeLabelInput', {
  description: 'A verdict that a judge may give.',
  fields: (t) => ({
    label: t.string({ required: true, description: 'The verdict: 1–100 characters.' }),
    value: t.float({ description: 'The value of its score, for all labels or none; default: it is a category.' }),
    description: t.string({ description: 'When it applies, for the judge.' }),
  }),
})

const JudgeRangeInput = builder.inputType('JudgeRangeInput', {
  description: 'Numbers that a judge may answer.',
  fields: (t) => ({
    min: t.float({ required: true, description: 'The lowest.' }),
    max: t.float({ required: true, description: 'The highest.' }),
  }),
})

const JudgeScaleInput = builder.inputType('JudgeScaleInput', {
  description: 'What a judge may answer: exactly one of these.',
  isOneOf: true,
  fields: (t) => ({
    labels: t.field({
      type: [JudgeLabelInput],
      description: 'One of 2–20 labels. Those with the values 0 and 1 give a BOOLEAN score, without values a category.',
    }),
    range: t.field({ type: JudgeRangeInput, description: 'A number. Few labels are judged more reliably.' }),
  }),
})

export const JudgeVariableInput = builder.inputType('JudgeVariableInput', {
  description: 'Data that the messages of a judge can show.',
  fields: (t) => ({
    name: t.string({ required: true, description: 'Its name in templates, and its tag: letters, digits and `_`.' }),
    path: t.string({
      required: true,
      description: 'Where it is: a JSONPath that begins with `$.input`, `$.output`, … such as `$.metadata.context`.',
    }),
  }),
})

export const JudgeInput = builder.inputType('JudgeInput', {
  description: 'A model that scores outputs.',
  fields: (t) => ({
    provider: t.string({ required: true, description: 'The name of a provider of the project.' }),
    model: t.string({ required: true, description: 'The model, as the provider calls it.' }),
    template: t.string({
      description: 'One of `judgeTemplates`: what is left out here is copied from it.',
    }),
    messages: t.field({
      type: [PromptMessageInput],
      description: `${messagesDescription}\nDefault: those of the template.`,
    }),
    variables: t.field({
      type: [JudgeVariableInput],
      description:
        'Data by names of its own, besides `input`, `output`, `expectedOutput`, `metadata` and `trajectory`.\nDefault: those of the template.',
    }),
    method: t.field({
      type: JudgeMethod,
      required: true,
      defaultValue: 'STRUCTURED',
      description: 'How it answers.',
    }),
    scale: t.field({ type: JudgeScaleInput, description: 'What it may answer. Default: that of the template.' }),
    parameters: t.field({
      type: ModelParametersInput,
      description: 'Parameters of the model. Default: a temperature of 0, where the model allows it.',
    }),
  }),
})

/** The judge as the engine's input, unchecked. */
export function judgeSpec({ variables, scale, ...judge }: typeof JudgeInput.$inferInput) {
  return {
    kind: 'judge' as const,
    ...judge,
    variables: variables && Object.fromEntries(variables.map(({ name, path }) => [name, path])),
    scale: scale && (scale.range ?? { labels: scale.labels }),
  }
}
