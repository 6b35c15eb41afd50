import { parseInput, text } from '../../domain/parse-input.ts'

const label = text
  .regex(/^[\p{L}\p{N}][\p{L}\p{N}._-]{0,49}$/u, 'expected a label of 1–50 letters, digits, ".", "_" or "-"')
  .refine((value) => !/^\d+$/.test(value), 'expected a label with something else than digits, which are a version')
  .refine((value) => value !== 'latest', 'expected another label: without one, the newest version is meant')

/** @throws {InvalidInputError} */
export function parseLabel(input: string, path: readonly string[]): string {
  return parseInput(label, input, path)
}

/** Each once. @throws {InvalidInputError} */
export function parseLabels(input: readonly string[], path: readonly string[]): string[] {
  return [...new Set(input.map((one, index) => parseLabel(one, [...path, String(index)])))]
}
