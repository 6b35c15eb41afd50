/**
 * Whether the number in the output is the expected one within a tolerance.
 *
 * - Without a pattern, the FIRST or LAST number in the text counts. With one, the FIRST or LAST match does: the first
 *   number in its first group, or in the whole match if the pattern has no group.
 * - A number may have a sign (also a dash), thousands separators (with commas also Indian ones), decimals and an exponent;
 *   currency signs and % around it are ignored. The decimal mark is a point, or a comma if the thousands separator is a
 *   point.
 * - Numbers are compared as the decimals that they are written as: 1.1 is within 0.1 of 1.
 * - An output without a number scores 0. An expected output without one is a mistake in the dataset or the options: an
 *   error.
 */
import { Big } from 'big.js'
import * as z from 'zod'
import { excerpt } from '../domain/excerpt.ts'
import type { Json } from '../domain/json/json.ts'
import { optional } from '../domain/parse-input.ts'
import { compilePattern } from '../domain/pattern.ts'
import { type Builtin, judgement } from './builtin.ts'
import { searchable, textOf } from './reading.ts'
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
      const share = wanted.abs().times(spec.relativeTolerance)
      const tolerance = share.gt(spec.absoluteTolerance) ? share : spec.absoluteTolerance
      return judgement(got.minus(wanted).abs().lte(tolerance), `Expected ${wanted}, got ${got}.`)
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
    return (value: Json): Big | undefined =>
      typeof value === 'number' ? new Big(value) : numbersIn(searchable(value)).at(index)
  }
  const pattern = compilePattern(source, '', at)
  const group = pattern.groupCount() > 0 ? 1 : 0
  return (value: Json): Big | undefined => {
    const matcher = pattern.matcher(searchable(value))
    let match: string | null = null
    while (matcher.find()) {
      match = matcher.group(group)
      if (occurrence === 'FIRST') break
    }
    return match === null ? undefined : numbersIn(match)[0]
  }
}

const isNegative = /[^+]/

const dashes = '\\-−–—―‐‑‒﹣－'

function numberScanner(separator: string): (text: string) => Big[] {
  // A space in a number is often a non-breaking one.
  const between = separator === ' ' ? '[ \\u00a0\\u202f]' : `[${separator}]`
  const decimal = separator === '.' ? ',' : '\\.'
  const indian = separator === ',' ? '\\d{1,2}(?:,\\d{2}){1,10},\\d{3}(?!\\d)|' : ''
  const grouped = separator === '' ? '' : `\\d{1,3}(?:${between}\\d{3})+(?!\\d)|${indian}`
  const number = new RegExp(
    // A minus after a digit, letter or bracket is a subtraction or a hyphen. Currencies may begin with letters: US$.
    `((?<![\\p{L}\\p{N}_)])[+${dashes}])?(?:\\p{L}{0,3}\\p{Sc}\\s?([+${dashes}]?))?((?:${grouped}\\d+)(?:${decimal}\\d+)?|${decimal}\\d+)([eE][+-]?\\d+)?`,
    'gu',
  )
  const separators = separator === '' ? null : new RegExp(between, 'gu')
  return (text) => {
    const numbers: Big[] = []
    const western = withWesternDigits(text, separator, separator === '.' ? ',' : '.')
    for (const [, sign, innerSign, digits = '', exponent = ''] of western.matchAll(number)) {
      const plain = separators === null ? digits : digits.replace(separators, '')
      const written = plain.replace(',', '.') + exponent
      const size = Number(written)
      const negative = isNegative.test(`${sign ?? ''}${innerSign ?? ''}`)
      // Beyond the range of a double it is no number, or none that differs from 0.
      if (Number.isFinite(size)) numbers.push(new Big(size === 0 ? 0 : written).times(negative ? -1 : 1))
    }
    return numbers
  }
}

/** Digits of all scripts as 0–9, and the marks of the Arabic ones as those that are read. */
function withWesternDigits(text: string, separator: string, decimal: string): string {
  return text.replaceAll(/(?![0-9])\p{Nd}|[\u066b\u066c]/gu, (mark) => {
    if (mark === '\u066b') return decimal
    if (mark === '\u066c') return separator
    return String(digitOf(mark.codePointAt(0) ?? 0))
  })
}

/** Unicode has the digits of a script in a row, and such rows one after the other. */
function digitOf(codePoint: number): number {
  let first = codePoint
  while (/\p{Nd}/u.test(String.fromCodePoint(first - 1))) first -= 1
  return (codePoint - first) % 10
}
