/** Texts for agents: short, and with the size of what was left out. */

/** A value in at most `maxChars` characters; what is longer ends with how many characters are missing. */
export function shortened(value: unknown, maxChars: number): string {
  const text = typeof value === 'string' ? value : (JSON.stringify(value) ?? 'null')
  if (text.length <= maxChars) return text
  return `${text.slice(0, maxChars).toWellFormed()} […${(text.length - maxChars).toLocaleString('en')} more characters]`
}

export function number(value: number | null): string {
  return value === null ? '–' : Number(value.toPrecision(4)).toString()
}

export function signed(value: number | null): string {
  return value === null ? '–' : `${value > 0 ? '+' : ''}${number(value)}`
}
