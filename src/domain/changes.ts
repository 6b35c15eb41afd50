import { InvalidInputError } from './errors.ts'

/** The input of an update: null only for the members that can be cleared. */
export type Changes<Input, Clearable extends keyof Input> = {
  [Member in keyof Input]: Member extends Clearable ? Input[Member] : Exclude<Input[Member], null>
}

/**
 * The changes of an update: undefined leaves a member as it is, null clears it.
 * @param path the input's position in the caller's input
 * @throws {InvalidInputError} null for a member that cannot be cleared
 */
export function parseChanges<Input extends object, Clearable extends string & keyof Input>(
  input: Input,
  clearable: readonly Clearable[],
  path: readonly string[] = [],
): Changes<Input, Clearable> {
  const always: readonly string[] = clearable
  for (const [member, value] of Object.entries(input)) {
    if (value !== null || always.includes(member)) continue
    throw new InvalidInputError(`Expected a value, got null: ${member} cannot be cleared. Leave it out to keep it.`, [
      ...path,
      member,
    ])
  }
  return input as Changes<Input, Clearable>
}

/** An input in which null is the same as undefined, such as that of a creation. */
export function withoutNulls<Input extends object>(
  input: Input,
): { [Member in keyof Input]: Exclude<Input[Member], null> } {
  return Object.fromEntries(Object.entries(input).filter(([, value]) => value !== null)) as never
}
