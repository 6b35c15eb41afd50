/** The evaluators that call something: models, endpoints, code of one's own, and scores of others. */
import { emptyParameters } from '../prompts/editor/prompt-draft.ts'
import type { EvaluatorKind, OptionField, OptionValue } from './evaluator-kind.ts'

const model: readonly OptionField[] = [
  { name: 'provider', label: 'Provider', type: 'PROVIDER', isRequired: true },
  { name: 'model', label: 'Model', type: 'MODEL', isRequired: true },
]

/** What models that are asked have in common. */
const answering: readonly OptionField[] = [
  { name: 'variables', label: 'Names of your own', type: 'VARIABLES', value: [], isRare: true },
  {
    name: 'method',
    label: 'How it answers',
    type: 'CHOICE',
    value: 'STRUCTURED',
    isRare: true,
    choices: [
      { value: 'STRUCTURED', label: 'As data of a fixed form' },
      { value: 'TEXT', label: 'As a text that ends with the verdict' },
      { value: 'DECISION', label: 'By a model that decides, without a reason' },
    ],
  },
  {
    name: 'parameters',
    label: 'Parameters of the model',
    type: 'PARAMETERS',
    value: emptyParameters as unknown as OptionValue,
    isRare: true,
  },
]

/** What a judge begins with that follows no template. */
const ownMessages = [
  { role: 'SYSTEM', content: 'You judge whether …' },
  { role: 'USER', content: '{{input}}\n\n{{output}}' },
]
const ownScale = {
  labels: [
    { label: 'yes', value: 1, description: '' },
    { label: 'no', value: 0, description: '' },
  ],
}

export const callingKinds: readonly EvaluatorKind[] = [
  {
    type: 'JudgeEvaluator',
    member: 'judge',
    isBuiltin: false,
    label: 'A judge of your own',
    group: 'Judges',
    rules: 'DIRECTION',
    help: 'A model reads the item and gives one of your labels, with its reason.',
    example: 'For what no rule can say: is the answer polite?',
    fields: [
      ...model,
      { name: 'template', label: 'Template', type: 'HIDDEN' },
      {
        name: 'messages',
        label: 'What it is told',
        help: 'Only what the user says shows data: {{input}}, {{output}}, {{expectedOutput}}, {{metadata}}, {{trajectory}} and names of your own.',
        type: 'MESSAGES',
        value: ownMessages,
      },
      { name: 'scale', label: 'What it may answer', type: 'SCALE', value: ownScale },
      ...answering,
    ],
  },
  {
    type: 'PairwiseEvaluator',
    member: 'pairwise',
    isBuiltin: false,
    label: 'Better than a run',
    group: 'Judges',
    help: 'A model says which output of an item is better, in both orders: 1 for the run, 0 for the baseline, 0.5 for neither.',
    example: 'For what is easier compared than rated: which summary serves better?',
    fields: [
      ...model,
      { name: 'baselineId', label: 'Compared with the outputs of', type: 'RUN', isRequired: true },
      {
        name: 'messages',
        label: 'What it is told',
        help: 'Must show {{first}} and {{second}}, the two outputs, besides {{input}}, {{expectedOutput}} and the rest.',
        type: 'MESSAGES',
        value: [],
        isRare: true,
      },
      ...answering,
    ],
  },
  {
    type: 'SimilarityEvaluator',
    member: 'similarity',
    isBuiltin: false,
    label: 'Similar in meaning',
    group: 'Right answers',
    help: 'How near the meanings of output and expected output are, from −1 to 1: the cosine of their embeddings.',
    example: 'For answers that may be worded otherwise.',
    fields: [
      ...model,
      {
        name: 'outputPath',
        label: 'Part of the output',
        help: 'JSONPath, such as $.answer',
        type: 'PATTERN',
        placeholder: 'all of it',
      },
      {
        name: 'expectedPath',
        label: 'Part of the expected output',
        help: 'JSONPath',
        type: 'PATTERN',
        placeholder: 'all of it',
      },
    ],
  },
  {
    type: 'TRAJECTORY',
    member: 'trajectory',
    isBuiltin: true,
    label: 'Called the right tools',
    group: 'Right form',
    help: 'Yes when an agent called the tools that it had to, and no other.',
    example: 'For agents: search first, then book, and never delete.',
    fields: [
      { name: 'required', label: 'Tools that must be called', type: 'LIST', value: [] },
      { name: 'ordered', label: 'In this order, others between', type: 'LIST', value: [] },
      { name: 'forbidden', label: 'Tools that must not be called', type: 'LIST', value: [] },
      {
        name: 'arguments',
        label: 'What arguments must satisfy',
        help: 'JSON: a list of tools with JSON Schemas.',
        type: 'JSON',
        placeholder: '[{ "tool": "search", "schema": { "required": ["query"] } }]',
        isRare: true,
      },
      { name: 'minSteps', label: 'Steps at least', type: 'NUMBER', placeholder: 'any', isRare: true },
      { name: 'maxSteps', label: 'Steps at most', type: 'NUMBER', placeholder: 'any', isRare: true },
    ],
  },
  {
    type: 'CodeEvaluator',
    member: 'code',
    isBuiltin: false,
    label: 'JavaScript',
    group: 'Your own',
    rules: { all: 'BOOLEAN' },
    help: 'A function of the item, in a sandbox without network and files.',
    example: 'For rules of your own: the sum of the lines is the total.',
    fields: [
      {
        name: 'code',
        label: 'Code',
        help: 'It gets input, output, expectedOutput, metadata, latencyMs and costUsd; a number, true or false, a text, { value, comment } or null.',
        type: 'CODE',
        isRequired: true,
        value: 'function evaluate({ output, expectedOutput }) {\n  return output === expectedOutput\n}',
      },
      { name: 'timeoutMs', label: 'Milliseconds at most', type: 'NUMBER', placeholder: '1000', isRare: true },
      {
        name: 'level',
        label: 'What it scores',
        type: 'CHOICE',
        value: 'ITEM',
        isRare: true,
        choices: [
          { value: 'ITEM', label: 'Each item' },
          { value: 'RUN', label: 'The run as a whole: evaluate({ run, items })' },
        ],
      },
    ],
  },
  {
    type: 'HttpEvaluator',
    member: 'http',
    isBuiltin: false,
    label: 'An endpoint',
    group: 'Your own',
    rules: { all: 'NUMERIC' },
    help: 'Gets the item by POST and answers with its score.',
    example: 'For scorers that run elsewhere.',
    fields: [
      { name: 'url', label: 'URL', type: 'TEXT', isRequired: true, placeholder: 'https://example.com/score' },
      {
        name: 'resultPath',
        label: 'Result at',
        help: 'JSONPath in the answer',
        type: 'PATTERN',
        placeholder: 'all of it',
      },
      {
        name: 'headers',
        label: 'Headers',
        help: 'JSON: an object of texts. Values that carry credentials are shown as ********: write them again.',
        type: 'JSON',
        placeholder: '{ "authorization": "Bearer …" }',
      },
    ],
  },
  {
    type: 'CompositeEvaluator',
    member: 'composite',
    isBuiltin: false,
    label: 'Made of other scores',
    group: 'Your own',
    rules: 'DIRECTION',
    help: 'The weighted mean of scores that other evaluators give, or what an expression makes of them.',
    example: 'For one number to decide by: 0.7 correct and 0.3 polite.',
    fields: [
      { name: 'scores', label: 'Scores', type: 'WEIGHTS', isRequired: true, value: [{ name: '', weight: 1 }] },
      {
        name: 'expression',
        label: 'Expression',
        help: 'JavaScript over scores, such as scores.correct * scores["on topic"]',
        type: 'PATTERN',
        placeholder: 'the weighted mean',
        isRare: true,
      },
      {
        name: 'missing',
        label: 'A score that an item lacks',
        type: 'CHOICE',
        value: 'NULL',
        isRare: true,
        choices: [
          { value: 'NULL', label: 'Gives the item none' },
          { value: 'SKIP', label: 'Is left out' },
          { value: 'ZERO', label: 'Counts as 0' },
        ],
      },
    ],
  },
]
