/** The kinds of evaluators that there are: each says what it is for, and what can be set of it. */
import { callingKinds } from './calling-kinds.ts'
import type { EvaluatorKind, OptionField } from './evaluator-kind.ts'

const paths: readonly OptionField[] = [
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
]
const outputPath = paths.slice(0, 1)
const ignoreCase: OptionField = { name: 'ignoreCase', label: 'Ignore case', type: 'YES_NO', value: false }

const builtinKinds: readonly Omit<EvaluatorKind, 'isBuiltin'>[] = [
  {
    type: 'EXACT_MATCH',
    member: 'exactMatch',
    label: 'Same text',
    group: 'Right answers',
    help: 'Yes when the output is the expected text.',
    example: 'For labels and short answers: billing is billing.',
    fields: [
      ignoreCase,
      {
        name: 'normalizeWhitespace',
        label: 'Ignore how much white space there is',
        type: 'YES_NO',
        value: false,
      },
      ...paths,
    ],
  },
  {
    type: 'NUMERIC',
    member: 'numeric',
    label: 'Same number',
    group: 'Right answers',
    help: 'Yes when the last number in the output is the expected one, within a tolerance.',
    example: 'For calculations: “… so it is $1,250.00” is 1250.',
    fields: [
      { name: 'absoluteTolerance', label: 'May differ by', type: 'NUMBER', placeholder: '0' },
      {
        name: 'relativeTolerance',
        label: 'Or by this share of it',
        help: '0.01 is 1 %',
        type: 'NUMBER',
        placeholder: '0',
      },
      {
        name: 'occurrence',
        label: 'Which number',
        type: 'CHOICE',
        value: 'LAST',
        choices: [
          { value: 'LAST', label: 'The last' },
          { value: 'FIRST', label: 'The first' },
        ],
      },
      {
        name: 'outputPattern',
        label: 'Pattern of the number in the output',
        help: 'RE2; its first group, if it has one',
        type: 'PATTERN',
        placeholder: 'anything that is a number',
        isRare: true,
      },
      {
        name: 'expectedPattern',
        label: 'Pattern of the number in the expected output',
        type: 'PATTERN',
        placeholder: 'anything that is a number',
        isRare: true,
      },
      {
        name: 'thousandsSeparator',
        label: 'Between thousands',
        type: 'CHOICE',
        value: ',',
        isRare: true,
        choices: [
          { value: ',', label: '1,000' },
          { value: '.', label: '1.000' },
          { value: ' ', label: '1 000' },
          { value: '’', label: '1’000' },
          { value: "'", label: "1'000" },
          { value: '_', label: '1_000' },
          { value: '', label: 'nothing' },
        ],
      },
      ...paths,
    ],
  },
  {
    type: 'JSON_EQUALS',
    member: 'jsonEquals',
    label: 'Same JSON',
    group: 'Right answers',
    help: 'Yes when the output is the expected JSON, whatever the order of its keys.',
    example: 'For extracted data: { "a": 1, "b": 2 } is { "b": 2, "a": 1 }.',
    fields: [
      { name: 'ignoreArrayOrder', label: 'Ignore the order of lists, too', type: 'YES_NO', value: false },
      ...paths,
    ],
  },
  {
    type: 'LEVENSHTEIN',
    member: 'levenshtein',
    label: 'Similar text',
    group: 'Right answers',
    help: 'How similar output and expected text are, from 0 to 1, by characters that are different.',
    example: 'For transcripts and spelling: kitten and sitting are 0.57.',
    fields: [ignoreCase, ...paths],
  },
  {
    type: 'CONTAINS',
    member: 'contains',
    label: 'Contains a text',
    group: 'Right answers',
    help: 'Yes when the output contains the text; without one, the expected output.',
    example: 'For answers in a sentence: “The capital is Paris.” contains Paris.',
    fields: [{ name: 'text', label: 'Text', type: 'TEXT', placeholder: 'the expected output' }, ignoreCase, ...paths],
  },
  {
    type: 'REGEX',
    member: 'regex',
    label: 'Matches a pattern',
    group: 'Right form',
    help: 'Yes when the output matches the pattern, or when a group of it is the expected output.',
    example: 'For formats: ^[A-Z]{3}-\\d+$',
    fields: [
      {
        name: 'pattern',
        label: 'Pattern',
        help: 'RE2: linear time, no look-around or back-references',
        type: 'PATTERN',
        isRequired: true,
      },
      { name: 'flags', label: 'Flags', help: 'Any of i, m, s', type: 'PATTERN' },
      {
        name: 'group',
        label: 'Group that is compared',
        help: 'Name or number',
        type: 'PATTERN',
        placeholder: 'none: matching is enough',
        isRare: true,
      },
      {
        name: 'expected',
        label: 'What the group must be',
        type: 'TEXT',
        placeholder: 'the expected output',
        isRare: true,
      },
      ...paths,
    ],
  },
  {
    type: 'JSON_SCHEMA',
    member: 'jsonSchema',
    label: 'Satisfies a JSON Schema',
    group: 'Right form',
    help: 'Yes when the output satisfies the schema; the reason says where it does not.',
    example: 'For structured output: every answer has a label of three.',
    fields: [{ name: 'schema', label: 'JSON Schema', type: 'JSON', isRequired: true }, ...outputPath],
  },
  {
    type: 'LATENCY',
    member: 'latency',
    label: 'Fast enough',
    group: 'Limits',
    help: 'Yes when the task took at most so many milliseconds.',
    example: 'For what users wait for: 800 ms.',
    fields: [{ name: 'maxMs', label: 'Milliseconds at most', type: 'NUMBER', isRequired: true }],
  },
  {
    type: 'COST',
    member: 'cost',
    label: 'Cheap enough',
    group: 'Limits',
    help: 'Yes when the call cost at most so many US dollars.',
    example: 'For what a call may cost: $0.002.',
    fields: [{ name: 'maxUsd', label: 'US dollars at most', type: 'NUMBER', isRequired: true }],
  },
]

export const evaluatorKinds: readonly EvaluatorKind[] = [
  ...builtinKinds.map((kind) => ({ ...kind, isBuiltin: true })),
  ...callingKinds,
]

export const groups = ['Right answers', 'Judges', 'Right form', 'Limits', 'Your own'] as const

export function kindOfType(type: string): EvaluatorKind | undefined {
  return evaluatorKinds.find((kind) => kind.type === type)
}
