import { InvalidInputError } from './errors.ts'

/** Segments of a path at most. */
const maxPath = 20

/**
 * Where a value is in the metadata of an item; numbers are positions in lists, from 0.
 * @throws {InvalidInputError} for an empty or a long path
 */
export function checkMetadataPath(path: readonly string[], at: readonly string[]): readonly string[] {
  if (path.length >= 1 && path.length <= maxPath && path.every((name) => name.length <= 200 && !name.includes('\0')))
    return path
  throw new InvalidInputError(
    `Expected a path of 1 to ${maxPath} names of at most 200 characters, got ${path.length}.`,
    [...at],
  )
}
