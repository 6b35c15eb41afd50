/**
 * Global ids: base64url of `Type:raw id`. Only the schema encodes and decodes them; everything below works with raw
 * ids.
 */
import { GraphQLError } from 'graphql'
import { InvalidInputError } from '../../src/domain/errors.ts'

const uuid = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/
const bigint = /^(0|[1-9]\d{0,17})$/
const runItem = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}:(0|[1-9]\d{0,8})$/

/** The format of the raw ids of each type; any other id cannot exist and never reaches the database. */
const shapes = {
  ApiKey: uuid,
  Dataset: uuid,
  DatasetItem: bigint,
  EndpointLimit: uuid,
  Evaluator: uuid,
  Experiment: uuid,
  Person: uuid,
  Project: uuid,
  Run: uuid,
  RunItem: runItem,
  Score: bigint,
} as const satisfies Record<string, RegExp>

export type NodeType = keyof typeof shapes

export function encodeGlobalId(type: string, id: string): string {
  return Buffer.from(`${type}:${id}`).toString('base64url')
}

/**
 * For `node` and `nodes`.
 * @throws {GraphQLError} wrapping an InvalidInputError with `path`, for an invalid global id
 */
export function decodeGlobalId(globalId: string, path = ['id']): { typename: string; id: string } {
  const text = Buffer.from(globalId, 'base64url').toString()
  const colon = text.indexOf(':')
  const typename = text.slice(0, colon)
  if (!isNodeType(typename)) {
    const message = `Expected a global id as this API returns them in \`id\` fields, got "${globalId}".`
    // Pothos maps arguments outside of all plugins, so LocatedErrors cannot wrap this error.
    throw new GraphQLError(message, { originalError: new InvalidInputError(message, path) })
  }
  const id = text.slice(colon + 1)
  // An id that no row can have is treated as unknown, whatever it contains.
  return { typename, id: isRawId(typename, id) ? id : unknown(typename) }
}

function isNodeType(name: string): name is NodeType {
  return Object.hasOwn(shapes, name)
}

/** Whether the id has the format of this type's raw ids. */
export function isRawId(type: NodeType, id: string): boolean {
  return shapes[type].test(id)
}

/** Whether a text is a global id of this type. */
export function isGlobalId(type: NodeType, text: string): boolean {
  const decoded = Buffer.from(text, 'base64url').toString()
  return decoded.startsWith(`${type}:`) && isRawId(type, decoded.slice(type.length + 1))
}

/** A raw id of the right format that no row has. */
function unknown(type: NodeType): string {
  const nil = '00000000-0000-0000-0000-000000000000'
  switch (shapes[type]) {
    case bigint:
      return '0'
    case runItem:
      return `${nil}:0`
    default:
      return nil
  }
}

/**
 * The raw id in a global id of the given type.
 * @throws {InvalidInputError} with `path`, for any other id
 */
export function rawId(type: NodeType, globalId: string, path: string[]): string {
  const text = Buffer.from(globalId, 'base64url').toString()
  const id = text.slice(type.length + 1)
  if (!text.startsWith(`${type}:`) || !isRawId(type, id)) {
    const found = text.slice(0, text.indexOf(':'))
    throw new InvalidInputError(
      `Expected the id of a ${type}, got ${isNodeType(found) ? `that of a ${found}` : `"${globalId}"`}.`,
      path,
    )
  }
  return id
}

/** `rawId` for optional arguments. */
export function optionalRawId(type: NodeType, globalId: string | null | undefined, path: string[]): string | null {
  return globalId == null ? null : rawId(type, globalId, path)
}

export function rawIds(type: NodeType, globalIds: readonly string[], path: string[]): string[] {
  return globalIds.map((globalId, i) => rawId(type, globalId, [...path, String(i)]))
}
