import { RE2JS, RE2JSException } from 're2js'
import { invalidInput } from './parse-input.ts'

/** A user's regular expression; matching takes time linear in the text. */
export type Pattern = RE2JS

const flagBits: Record<string, number> = {
  i: RE2JS.CASE_INSENSITIVE,
  m: RE2JS.MULTILINE,
  s: RE2JS.DOTALL,
}

/** Compiling so much takes about 0.1 s at most. */
const maxPatternLength = 2_000

/**
 * Compiles a pattern in RE2 syntax, which is that of JavaScript and Perl without look-around and back-references.
 * @param flags any of `i`, `m`, `s`
 * @throws {InvalidInputError} naming the unsupported construct.
 */
export function compilePattern(pattern: string, flags: string, path: readonly string[]): Pattern {
  if (pattern.length > maxPatternLength) {
    throw invalidInput(path, `expected a pattern of at most ${maxPatternLength} characters`, pattern)
  }
  let bits = 0
  for (const flag of flags) {
    const bit = flagBits[flag]
    if (bit === undefined)
      throw invalidInput([...path.slice(0, -1), 'flags'], 'expected only the flags i, m and s', flags)
    bits |= bit
  }
  try {
    return RE2JS.compile(pattern, bits)
  } catch (error) {
    if (!(error instanceof RE2JSException)) throw error
    const why = error.message.replace(/^error parsing regexp: /, '')
    throw invalidInput(path, `expected a pattern in RE2 syntax (no look-around, no back-references); ${why}`, pattern)
  }
}
