/**
 * The JSON Schema of the files that `assay run` takes. What the API has inputs for (tasks, evaluators, settings, gates) is
 * derived from them, so that a file can say exactly what the API can.
 */
import {
  type GraphQLInputType,
  type GraphQLSchema,
  isEnumType,
  isInputObjectType,
  isListType,
  isNonNullType,
  isRequiredInputField,
} from 'graphql'

type JsonSchema = { [keyword: string]: unknown }

const columns = (what: string) => ({ type: ['string', 'array'], items: { type: 'string' }, description: what })

const dataset: JsonSchema = {
  description: 'The dataset: its name, or an object that also says where its items come from.',
  type: ['string', 'object'],
  minLength: 1,
  required: ['name'],
  additionalProperties: false,
  properties: {
    name: { type: 'string', minLength: 1, description: 'Its name; it is created when it does not exist.' },
    file: {
      type: 'string',
      minLength: 1,
      description: 'JSON Lines, a JSON array or CSV, from the folder of this file; imported before every run.',
    },
    items: {
      type: 'array',
      description: 'The items themselves, instead of a file.',
      items: {
        type: 'object',
        required: ['input'],
        additionalProperties: false,
        properties: {
          input: { description: 'The input of the task.' },
          expectedOutput: { description: 'The value that evaluators compare the output with.' },
          key: { type: 'string', description: 'Its name, unique in the dataset.' },
          tags: { type: 'array', items: { type: 'string' }, description: 'Its tags.' },
          metadata: { description: 'Any other data.' },
        },
      },
    },
    input: columns('Columns of the file that make the input, by name or dotted path.'),
    expected: columns('Columns that make the expected output.'),
    key: columns('The column that identifies items.'),
    tags: columns('The column with the tags.'),
    metadata: columns('Columns that make the metadata.'),
    json: columns('CSV columns whose cells are JSON.'),
  },
}

/** @param schema the schema of the API */
export function experimentFileSchema(schema: GraphQLSchema): JsonSchema {
  const definitions: Record<string, JsonSchema> = {}
  const input = (name: string, without: readonly string[] = []) => {
    const type = schema.getType(name)
    if (!isInputObjectType(type)) throw new Error(`the schema has no input ${name}`)
    return objectOf(type, definitions, without)
  }
  const evaluator = input('CreateEvaluatorInput', ['active', 'datasetIds'])
  const properties = {
    $schema: { type: 'string', description: 'Where this schema is, for editors.' },
    name: { type: 'string', minLength: 1, description: 'The name of the experiment, unique on its dataset.' },
    description: { type: 'string', description: 'Its purpose.' },
    metadata: { description: 'Any data to store with it.' },
    dataset,
    task: input('TaskInput'),
    evaluators: {
      type: 'array',
      description:
        'Exactly these score its runs: names, or definitions, which are created or changed. Default: all that are active.',
      items: { ...evaluator, type: ['string', 'object'], minLength: 1, description: 'A name, or a definition.' },
    },
    settings: input('RunSettingsInput'),
    subset: input('RunSubsetInput', ['itemIds']),
    gate: {
      ...input('GateInput'),
      type: ['array', 'object'],
      items: { type: 'string', minLength: 1 },
      description: 'What a run has to fulfil: rules as `--gate` takes them, or the gate of the API.',
    },
    baseline: {
      type: 'string',
      minLength: 1,
      description: 'The run to compare with: an id, an exact name, latest, or approved for that of the dataset.',
    },
  }
  return {
    $schema: 'https://json-schema.org/draft/2020-12/schema',
    $id: 'urn:assay:experiment-file',
    title: 'An experiment of Assay',
    type: 'object',
    required: ['name', 'dataset', 'task'],
    additionalProperties: false,
    properties,
    $defs: Object.fromEntries(Object.entries(definitions).sort(([a], [b]) => (a < b ? -1 : 1))),
  }
}

type InputObject = Extract<ReturnType<GraphQLSchema['getType']>, { getFields(): unknown; isOneOf: boolean }>

function objectOf(
  type: InputObject,
  definitions: Record<string, JsonSchema>,
  without: readonly string[] = [],
): JsonSchema {
  const fields = Object.values(type.getFields()).filter(({ name }) => !without.includes(name))
  const properties = fields.map((field) => {
    const description = field.description ? { description: field.description.replaceAll('\n', ' ') } : {}
    return [field.name, { ...schemaOf(field.type, definitions, type.isOneOf), ...description }]
  })
  return {
    type: 'object',
    ...(type.description && { description: type.description.replaceAll('\n', ' ') }),
    ...(type.isOneOf && { minProperties: 1, maxProperties: 1 }),
    required: fields.filter(isRequiredInputField).map(({ name }) => name),
    additionalProperties: false,
    properties: Object.fromEntries(properties),
  }
}

/** @param required whether null is refused although the type allows it */
function schemaOf(type: GraphQLInputType, definitions: Record<string, JsonSchema>, required = false): JsonSchema {
  if (isNonNullType(type)) return schemaOf(type.ofType, definitions, true)
  const orNull = (name: string) => (required ? name : [name, 'null'])
  if (isListType(type)) return { type: orNull('array'), items: schemaOf(type.ofType, definitions) }
  if (isEnumType(type)) {
    const values = type.getValues().map(({ name }) => name)
    return { enum: required ? values : [...values, null] }
  }
  if (isInputObjectType(type)) {
    if (!(type.name in definitions)) {
      // Before its fields, which may lead back to it.
      definitions[type.name] = {}
      definitions[type.name] = objectOf(type, definitions)
    }
    return { $ref: `#/$defs/${type.name}` }
  }
  const scalars: Record<string, JsonSchema> = {
    Boolean: { type: orNull('boolean') },
    Float: { type: orNull('number') },
    Int: { type: orNull('integer') },
    JSON: {},
  }
  return scalars[type.name] ?? { type: orNull('string') }
}
