import { InvalidInputError } from '../../domain/errors.ts'

const maxLength = 200

/**
 * Checks the name of a dataset: 1–200 characters, without control characters, empty groups (`/` separates groups) or
 * surrounding spaces.
 * @throws {InvalidInputError} with `path`
 */
export function checkDatasetName(name: string, path: string[] = ['name']): string {
  const fail = (got: string) => {
    throw new InvalidInputError(`Expected a dataset name such as "support/tickets", got ${got}.`, path)
  }
  if (name === '') fail('an empty string')
  if (name.length > maxLength) fail(`${name.length} characters (at most ${maxLength})`)
  if (!name.isWellFormed() || /\p{Cc}/u.test(name)) fail(`${JSON.stringify(name)}, which has control characters`)
  if (name !== name.trim()) fail(`${JSON.stringify(name)}, which begins or ends with a space`)
  if (name.split('/').includes('')) fail(`"${name}", which has an empty group: leave out the extra "/"`)
  return name
}
