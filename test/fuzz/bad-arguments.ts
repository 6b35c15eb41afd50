/**
 * Every argument of every field, given texts and numbers that no honest client sends, one at a time in an operation that is fine
 * without them: whatever comes back, it is never a defect of ours.
 */
import { createHash } from 'node:crypto'
import {
  type GraphQLArgument,
  type GraphQLField,
  type GraphQLInputField,
  type GraphQLInputType,
  type GraphQLOutputType,
  getNamedType,
  isEnumType,
  isInputObjectType,
  isInterfaceType,
  isListType,
  isNonNullType,
  isObjectType,
  isUnionType,
} from 'graphql'
import { schema } from '../../schema/index.ts'
import { encodeGlobalId } from '../../schema/relay/global-id.ts'
import { seedDataset } from '../helpers/engine.ts'
import { recordRun } from '../helpers/recorded-runs.ts'
import type { TestServer } from '../helpers/server.ts'

/** The ids of one node of each type. */
type KnownIds = Record<string, string>

async function fill(t: TestServer): Promise<KnownIds> {
  const datasetId = await seedDataset(t, [1, 2, 3])
  const executions = [0, 1, 2].map((item) => ({
    item,
    output: 'x',
    latencyMs: 1,
    costUsd: 1,
    scores: { correct: item / 2, label: 'a' },
  }))
  const runId = await recordRun(t, datasetId, executions)
  await recordRun(t, datasetId, executions)
  const run = await t.db.prisma.run.findUniqueOrThrow({ where: { id: runId } })
  const item = await t.db.prisma.datasetItem.findFirstOrThrow()
  const score = await t.db.prisma.score.findFirstOrThrow()
  return {
    Dataset: encodeGlobalId('Dataset', datasetId),
    Experiment: encodeGlobalId('Experiment', run.experimentId),
    Run: encodeGlobalId('Run', runId),
    RunItem: encodeGlobalId('RunItem', `${runId}:0`),
    DatasetItem: encodeGlobalId('DatasetItem', String(item.id)),
    Score: encodeGlobalId('Score', `${score.runId}:${score.id}`),
  }
}

let known: KnownIds = {}

const halfSurrogate = '\ud83d'
/** Text that does not compress. */
const long = Array.from({ length: 160 }, (_, n) => createHash('sha256').update(String(n)).digest('hex')).join('')
const cursorOf = (parts: unknown[]) => Buffer.from(JSON.stringify(parts)).toString('base64url')
const badTexts = [
  halfSurrogate,
  `a${halfSurrogate}b`,
  '\ude00',
  long,
  'é'.repeat(3_000),
  '\0',
  '\u2028',
  '',
  ' ',
  '%',
  "'; --",
  '1e400',
  'NaN',
  '9'.repeat(30),
  '-1',
  '\\',
]
const badInts = [2_147_483_647, -2_147_483_648, 0, -1]
const badFloats = [1e308, -1e308, 5e-324, 1e200, -0, 0.1]
const badJson = [
  halfSurrogate,
  { [halfSurrogate]: 1 },
  { [long]: long },
  [[[[halfSurrogate]]]],
  { $ref: '#' },
  { a: '\0' },
  JSON.parse('{"__proto__":{"a":1}}'),
  1e308,
]

type Variant = { name: string; value: unknown }

/** A value that a field takes, by the name of the argument. */
function fine(type: GraphQLInputType, name: string, depth = 0): unknown {
  if (isNonNullType(type)) return fine(type.ofType, name, depth)
  if (isListType(type)) return [fine(type.ofType, name, depth)]
  if (isEnumType(type)) return type.getValues()[0]?.name
  if (isInputObjectType(type)) {
    const fields = Object.values(type.getFields())
    const given = type.isOneOf ? fields.slice(0, 1) : fields.filter((field) => isNonNullType(field.type))
    return Object.fromEntries(given.map((field) => [field.name, fine(field.type, field.name, depth + 1)]))
  }
  switch (getNamedType(type).name) {
    case 'ID':
      return idFor(name)
    case 'Int':
      return 1
    case 'Float':
      return 0.5
    case 'Boolean':
      return true
    case 'DateTime':
      return '2026-01-01T00:00:00Z'
    case 'JSON':
      return { a: 1 }
    default:
      return name === 'metric' || name === 'score' ? 'correct' : name === 'url' ? 'http://127.0.0.1:9/x' : 'text'
  }
}

function idFor(name: string): string {
  const kind = Object.keys(known).find(
    (type) => name.toLowerCase().startsWith(type.toLowerCase()) && name !== 'runItemId',
  )
  if (name === 'runItemId' || name === 'itemId') return known.RunItem ?? ''
  if (/candidate|baseline/.test(name)) return known.Run ?? ''
  return (kind ? known[kind] : known.Run) ?? ''
}

/** Values with one bad part each. */
function* bad(type: GraphQLInputType, name: string, depth = 0): Generator<unknown> {
  if (isNonNullType(type)) return yield* bad(type.ofType, name, depth)
  if (isListType(type)) {
    yield []
    for (const value of bad(type.ofType, name, depth)) yield [value]
    return
  }
  if (isInputObjectType(type)) {
    if (depth > 4) return
    const base = type.isOneOf ? {} : (fine(type, name) as object)
    for (const field of Object.values(type.getFields())) {
      for (const value of bad(field.type, field.name, depth + 1)) yield { ...base, [field.name]: value }
    }
    return
  }
  switch (getNamedType(type).name) {
    case 'ID':
      for (const id of Object.values(known)) yield id
      for (const type of Object.keys(known))
        for (const raw of ['x', halfSurrogate, '9'.repeat(30), '0'])
          yield Buffer.from(`${type}:${raw}`).toString('base64url')
      yield long
      yield halfSurrogate
      return
    case 'Int':
      return yield* badInts
    case 'Float':
      return yield* badFloats
    case 'DateTime':
      return yield* ['0001-01-01T00:00:00Z', '9999-12-31T23:59:59Z', '2026-02-30T00:00:00Z']
    case 'JSON':
      return yield* badJson
    case 'Boolean':
      return yield* [false]
    default:
      if (isEnumType(getNamedType(type)))
        return yield* (getNamedType(type) as never as { getValues(): { name: string }[] })
          .getValues()
          .map(({ name }) => name)
      yield* badTexts
      if (name === 'after' || name === 'before') yield* forgedCursors
  }
}

const forged = [
  'x',
  '',
  '9'.repeat(30),
  '-1',
  'NaN',
  '1e400',
  halfSurrogate,
  '\0',
  'infinity',
  '2026-01-01',
  "'",
  '0001-01-01T00:00:00Z',
  '294277-01-01',
]
const orderNames = [
  'CREATED_AT',
  'POSITION',
  'NAME',
  'LATENCY',
  'COST',
  'FINISHED_AT',
  'VERSION',
  'SCHEDULE',
  'REGRESSION',
  'ID',
  'items',
  'SCORE',
]
const forgedCursors = [
  ...forged,
  ...orderNames.flatMap((name) =>
    forged.flatMap((part) => [cursorOf([name, part]), cursorOf([name, part, part]), cursorOf([name, '1', part])]),
  ),
]

/** A selection that executes what a field returns. */
function selection(type: GraphQLOutputType): string {
  const named = getNamedType(type)
  if (isUnionType(named) || isInterfaceType(named)) return '{ __typename }'
  if (!isObjectType(named)) return ''
  const fields = named.getFields()
  if (fields.nodes) return '{ nodes { __typename } pageInfo { endCursor } }'
  return '{ __typename }'
}

interface Target {
  label: string
  field: GraphQLField<unknown, unknown>
  operation: (call: string) => string
}

function targets(): Target[] {
  const found: Target[] = []
  for (const field of Object.values(schema.getQueryType()?.getFields() ?? {})) {
    found.push({ label: `Query.${field.name}`, field, operation: (call) => call })
  }
  for (const field of Object.values(schema.getMutationType()?.getFields() ?? {})) {
    if (/^delete/.test(field.name)) continue
    found.push({ label: `Mutation.${field.name}`, field, operation: (call) => call })
  }
  for (const [name, id] of Object.entries(known)) {
    const type = schema.getType(name)
    if (!isObjectType(type)) continue
    for (const field of Object.values(type.getFields())) {
      if (field.args.length > 0) {
        found.push({
          label: `${name}.${field.name}`,
          field,
          operation: (call) => `node(id: "${id}") { ... on ${name} { ${call} } }`,
        })
      }
    }
  }
  return found.filter(({ field }) => field.args.length > 0)
}

function* variants(args: readonly (GraphQLArgument | GraphQLInputField)[]): Generator<Variant> {
  for (const arg of args) for (const value of bad(arg.type, arg.name)) yield { name: arg.name, value }
}

/**
 * Asks for every field with bad arguments, one at a time.
 * @param step 1: all of them; n: every n-th of each field
 * @returns the operations that failed for a defect, with the value
 */
export async function argumentDefects(t: TestServer, step: number): Promise<{ asked: number; defects: object }> {
  known = await fill(t)
  const defects = new Map<string, string>()
  let asked = 0
  for (const { label, field, operation } of targets()) {
    const required = field.args.filter((arg) => isNonNullType(arg.type))
    const cases = [...variants(field.args)].filter((_, index) => index % step === 0)
    const ask = async ({ name, value }: Variant) => {
      const values = {
        ...Object.fromEntries(required.map((arg) => [arg.name, fine(arg.type, arg.name)])),
        [name]: value,
      }
      const given = field.args.filter((arg) => arg.name in values)
      const root = label.startsWith('Mutation.') ? 'mutation' : 'query'
      const call = `${field.name}(${given.map((arg) => `${arg.name}: $${arg.name}`).join(', ')}) ${selection(field.type)}`
      const query = `${root} (${given.map((arg) => `$${arg.name}: ${arg.type}`).join(', ')}) { ${operation(call)} }`
      const { errors } = await t.query(query, values)
      asked += 1
      if (JSON.stringify(errors ?? '').includes('INTERNAL_SERVER_ERROR')) {
        defects.set(`${label}(${name})`, JSON.stringify(value).slice(0, 300))
      }
    }
    for (let at = 0; at < cases.length; at += 8) await Promise.all(cases.slice(at, at + 8).map(ask))
  }
  return { asked, defects: Object.fromEntries(defects) }
}
