import { InvalidInputError } from '../../domain/errors.ts'

const MAX_LENGTH = 200

/**
 * Checks the name of a dataset: 1–200 characters, no control characters, no empty group (`/` separates groups), no
 * spaces around it.
 * @throws {InvalidInputError} naming `path`.
 */
export function checkDatasetName(name: string, path: string[] = ['name']): string {
  const complain = (got: string) => {
    throw new InvalidInputError(`Expected a dataset name such as "support/tickets", got ${got}.`, path)
  }
  if (name === '') complain('an empty text')
  if (name.length > MAX_LENGTH) complain(`${name.length} characters (at most ${MAX_LENGTH})`)
  if (!name.isWellFormed() || /\p{Cc}/u.test(name)) complain(`${JSON.stringify(name)}, which has control characters`)
  if (name !== name.trim()) complain(`${JSON.stringify(name)}, which begins or ends with a space`)
  if (name.split('/').includes('')) complain(`"${name}", which has an empty group: leave out the extra "/"`)
  return name
}
