/** Changes of many things at once: bounded, and all or none. */
import { InvalidInputError, UserError } from '../domain/errors.ts'

/** Maximum elements of one call. */
const maxElements = 1_000

/** Maximum refused elements that an error lists besides the first. */
const maxListed = 20

/** The position of an element in the caller's input. */
export type PathOf = (index: number) => string[]

/** @throws {InvalidInputError} unless there are 1–1,000 elements */
export function requireCount(count: number, path: string[], advice = 'Make several calls.'): void {
  if (count >= 1 && count <= maxElements) return
  throw new InvalidInputError(`Expected 1 to ${maxElements} elements, got ${count}. ${advice}`, path)
}

/**
 * @param what an element is, for the message
 * @param keyOf equal for elements that are the same thing; null for one that is like no other
 * @param at the path of the part of an element that makes it the same
 * @throws {InvalidInputError} an element that is there twice, which could contradict itself
 */
export function requireOnce<Element>(
  elements: readonly Element[],
  what: string,
  at: PathOf,
  keyOf: (element: Element) => string | null,
): void {
  const seen = new Map<string, number>()
  checkEach(elements, (element, index) => {
    const key = keyOf(element)
    if (key === null) return
    const first = seen.get(key)
    if (first === undefined) seen.set(key, index)
    else throw new InvalidInputError(`Expected every ${what} once, got the one at ${first} again.`, at(index))
  })
}

/**
 * Checks each element.
 * @throws {UserError} the first refusal, whose message lists the others with their paths
 */
export function checkEach<Element, Checked>(
  elements: readonly Element[],
  check: (element: Element, index: number) => Checked,
): Checked[] {
  const refusals: UserError[] = []
  const checked = elements.flatMap((element, index) => {
    try {
      return [check(element, index)]
    } catch (error) {
      if (!(error instanceof UserError)) throw error
      refusals.push(error)
      return []
    }
  })
  const [first, ...others] = refusals
  if (!first) return checked
  const listed = others.slice(0, maxListed).map(({ path, message }) => `\n${path?.join('.')}: ${message}`)
  if (others.length > maxListed) listed.push(`\nand ${others.length - maxListed} more`)
  if (others.length > 0) first.message += `\nAlso refused:${listed.join('')}`
  throw first
}
