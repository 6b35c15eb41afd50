import { InvalidArgumentError } from 'commander'

/** The parser of an option that takes a whole number. @throws {InvalidArgumentError} something else was given */
export function wholeNumber(min: number, max: number): (text: string) => number {
  return (text) => {
    const number = /^\d+$/.test(text) ? Number(text) : Number.NaN
    if (number >= min && number <= max) return number
    throw new InvalidArgumentError(`Expected a whole number from ${min} to ${max}, got "${text}".`)
  }
}
