/** Global ids as arguments: only the schema and the server decode them; everything below works with raw ids. */
import { GraphQLError } from 'graphql'
import { InvalidInputError } from '../../src/domain/errors.ts'
import { excerptOf } from '../../src/domain/excerpt.ts'
import { isRawId, type NodeType, parseGlobalId, splitGlobalId, unusedRawId } from '../../src/domain/global-id.ts'

export { encodeGlobalId, type NodeType } from '../../src/domain/global-id.ts'

/**
 * For `node` and `nodes`.
 * @throws {GraphQLError} wrapping an InvalidInputError with `path`, for an invalid global id
 */
export function decodeGlobalId(globalId: string, path = ['id']): { typename: string; id: string } {
  const { type, id } = splitGlobalId(globalId)
  if (type === null) {
    const message = `Expected a global id as this API returns them in \`id\` fields, got ${excerptOf(globalId)}.`
    // Pothos maps arguments outside of all plugins, so LocatedErrors cannot wrap this error.
    throw new GraphQLError(message, { originalError: new InvalidInputError(message, path) })
  }
  // An id that no row can have is treated as unknown, whatever it contains.
  return { typename: type, id: isRawId(type, id) ? id : unusedRawId(type) }
}

/** Whether a text is a global id of this type. */
export function isGlobalId(type: NodeType, text: string): boolean {
  return parseGlobalId(text)?.type === type
}

/**
 * The raw id in a global id of the given type.
 * @throws {InvalidInputError} with `path`, for any other id
 */
export function rawId(type: NodeType, globalId: string, path: string[]): string {
  const found = splitGlobalId(globalId)
  if (found.type === type && isRawId(type, found.id)) return found.id
  const got = found.type === null || found.type === type ? excerptOf(globalId) : `that of ${withArticle(found.type)}`
  const hint = type === 'DatasetItem' && found.type === 'DatasetItemRevision' ? ' Pass the id of its `item`.' : ''
  throw new InvalidInputError(`Expected the id of ${withArticle(type)}, got ${got}.${hint}`, path)
}

function withArticle(type: NodeType): string {
  return `${/^[AE]/.test(type) ? 'an' : 'a'} ${type}`
}

/** `rawId` for optional arguments. */
export function optionalRawId(type: NodeType, globalId: string | null | undefined, path: string[]): string | null {
  return globalId == null ? null : rawId(type, globalId, path)
}

export function rawIds(type: NodeType, globalIds: readonly string[], path: string[]): string[] {
  return globalIds.map((globalId, i) => rawId(type, globalId, [...path, String(i)]))
}
