import { InvalidArgumentError } from 'commander'

/** The parser of an option that takes a whole number. @throws {InvalidArgumentError} something else was given */
export function wholeNumber(min: number, max: number): (text: string) => number {
  return (text) => {
    const number = /^\d+$/.test(text) ? Number(text) : Number.NaN
    if (number >= min && number <= max) return number
    throw new InvalidArgumentError(`Expected a whole number from ${min} to ${max}, got "${text}".`)
  }
}

/**
 * The parser of an option that takes a whole number, or a word for no number. It returns the word: of null Commander makes "".
 * @throws {InvalidArgumentError} something else was given
 */
export function wholeNumberOr<Word extends string>(
  word: Word,
  min: number,
  max: number,
): (text: string) => number | Word {
  const number = wholeNumber(min, max)
  return (text) => {
    if (text === word) return word
    try {
      return number(text)
    } catch {
      throw new InvalidArgumentError(`Expected a whole number from ${min} to ${max}, or "${word}", got "${text}".`)
    }
  }
}
