/** Tokens as o200k_base has them. The package has the tokenizer built in, with this encoding only. */
import { countTokens as count } from 'gpt-tokenizer/encoding/o200k_base'

/** Text that looks like a special token is text. */
const options = { disallowedSpecial: new Set<string>() }

export function countTokens(text: string): number {
  return count(text, options)
}
