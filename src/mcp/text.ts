/** Texts for agents: short, and with the size of what was left out. */

/** A value in at most `maxChars` characters; what is longer ends with how many characters are missing. */
export function shortened(value: unknown, maxChars: number): string {
  const text = typeof value === 'string' ? value : (JSON.stringify(value) ?? 'null')
  if (text.length <= maxChars) return text
  return `${text.slice(0, maxChars).toWellFormed()} […${(text.length - maxChars).toLocaleString('en')} more characters]`
}

/** About how many tokens a text has, rather too many than too few. */
export function estimateTokens(text: string): number {
  let tokens = 0
  for (const [piece] of text.matchAll(/[A-Za-z]+|\p{L}+|\p{N}{1,3}|[^\s\p{L}\p{N}]{1,2}|[^\S ]+/gu)) {
    if (/^[A-Za-z]/.test(piece)) tokens += 1 + Math.floor((piece.length - 1) / 6)
    else if (/^\p{L}/u.test(piece)) tokens += piece.length
    else tokens += 1
  }
  return Math.ceil(tokens * 1.1)
}

export function number(value: number | null): string {
  return value === null ? '–' : Number(value.toPrecision(4)).toString()
}

export function signed(value: number | null): string {
  return value === null ? '–' : `${value > 0 ? '+' : ''}${number(value)}`
}
