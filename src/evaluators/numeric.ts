/**
 * Whether the number in the output is the expected one within a tolerance.
 *
 * - Without a pattern, the FIRST or LAST number in the text counts. With one, the FIRST or LAST match does: the first
 *   number in its first group, or in the whole match if the pattern has no group.
 * - A number may have a sign, thousands separators, decimals and an exponent; currency signs and % around it are
 *   ignored. The decimal mark is a point, or a comma if the thousands separator is a point.
 * - An output without a number scores 0. An expected output without one is a mistake in the dataset or the options: an
 *   error.
 */
import * as z from 'zod'
import { excerpt } from '../domain/excerpt.ts'
import type { Json } from '../domain/json/json.ts'
import { optional } from '../domain/parse-input.ts'
import { compilePattern } from '../domain/pattern.ts'
import { type Builtin, judgement, textOf } from './builtin.ts'
import { comparing, selection } from './selection.ts'

export const numeric: Builtin<'numeric'> = {
  schema: z.strictObject({
    kind: z.literal('builtin'),
    type: z.literal('numeric'),
    absoluteTolerance: optional(z.number().min(0), 0),
    relativeTolerance: optional(z.number().min(0), 0),
    outputPattern: optional(z.string().min(1), null),
    expectedPattern: optional(z.string().min(1), null),
    occurrence: optional(z.enum(['FIRST', 'LAST']), 'LAST'),
    thousandsSeparator: optional(z.enum([',', '.', ' ', "'", '’', '_', '']), ','),
    ...selection,
  }),
  dataType: 'BOOLEAN',
  create(spec, at) {
    const outputNumber = numberReader(spec.outputPattern, spec, [...at, 'outputPattern'])
    const expectedNumber = numberReader(spec.expectedPattern, spec, [...at, 'expectedPattern'])
    return comparing(spec, at, (output, expected) => {
      const wanted = expectedNumber(expected)
      if (wanted === undefined) throw new Error(`The expected output has no number: ${excerpt(textOf(expected), 100)}`)
      const got = outputNumber(output)
      if (got === undefined) return judgement(0, `Expected ${wanted}, got no number.`)
      const tolerance = Math.max(spec.absoluteTolerance, spec.relativeTolerance * Math.abs(wanted))
      return judgement(Math.abs(got - wanted) <= tolerance, `Expected ${wanted}, got ${got}.`)
    })
  },
}

interface Reading {
  occurrence: 'FIRST' | 'LAST'
  thousandsSeparator: string
}

function numberReader(source: string | null, { occurrence, thousandsSeparator }: Reading, at: readonly string[]) {
  const numbersIn = numberScanner(thousandsSeparator)
  const index = occurrence === 'FIRST' ? 0 : -1
  if (source === null) {
    return (value: Json): number | undefined => (typeof value === 'number' ? value : numbersIn(textOf(value)).at(index))
  }
  const pattern = compilePattern(source, '', at)
  const group = pattern.groupCount() > 0 ? 1 : 0
  return (value: Json): number | undefined => {
    const matcher = pattern.matcher(textOf(value))
    let match: string | null = null
    while (matcher.find()) {
      match = matcher.group(group)
      if (occurrence === 'FIRST') break
    }
    return match === null ? undefined : numbersIn(match)[0]
  }
}

function numberScanner(separator: string): (text: string) => number[] {
  // A space in a number is often a non-breaking one.
  const between = separator === ' ' ? '[ \\u00a0\\u202f]' : `[${separator}]`
  const decimal = separator === '.' ? ',' : '\\.'
  const grouped = separator === '' ? '' : `\\d{1,3}(?:${between}\\d{3})+(?!\\d)|`
  const number = new RegExp(
    // A minus after a digit, letter or bracket is a subtraction or a hyphen.
    `((?<![\\w)])[+\\-−])?(?:[$€£¥₹]\\s?([+\\-−]?))?((?:${grouped}\\d+)(?:${decimal}\\d+)?|${decimal}\\d+)([eE][+-]?\\d+)?`,
    'gu',
  )
  const separators = separator === '' ? null : new RegExp(between, 'gu')
  return (text) => {
    const numbers: number[] = []
    for (const [, sign, innerSign, digits = '', exponent = ''] of text.matchAll(number)) {
      const plain = separators === null ? digits : digits.replace(separators, '')
      const value = Number(plain.replace(',', '.') + exponent)
      const negative = /[-−]/.test(`${sign ?? ''}${innerSign ?? ''}`)
      if (Number.isFinite(value)) numbers.push(negative ? -value : value)
    }
    return numbers
  }
}
