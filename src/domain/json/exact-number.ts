/** Whether a number is kept: JSON numbers are decimals of any length, ours are doubles. */

const decimal = /^(-?)(\d+)(?:\.(\d+))?(?:e([+-]?\d+))?$/i

/** No double needs more characters to be written out exactly. */
const longestExact = 1_200

/**
 * Whether the double has the value that is written: 0.1 and 1e2 are kept, 9007199254740993, 1e400 and 0.12345678901234567891
 * are not.
 * @param source a JSON number
 * @param value what it is read as
 */
export function isExact(source: string, value: number): boolean {
  if (!Number.isFinite(value)) return false
  return normalDecimal(source) === normalDecimal(String(value)) || isBinaryExpansion(source, value)
}

/** The same text for all notations of a number: 1.50, 15e-1 and 1.5 are `15e-1`. */
export function normalDecimal(source: string): string {
  const [, sign = '', whole = '', fraction = '', exponent = '0'] = decimal.exec(source) ?? []
  const digits = `${whole}${fraction}`.replace(/^0+/, '')
  const significant = digits.replace(/0+$/, '')
  if (significant === '') return '0e0'
  return `${sign}${significant}e${Number(exponent) - fraction.length + digits.length - significant.length}`
}

/** Whether it is the double written out in full, as 2 ** 70 is 1180591620717411303424. */
function isBinaryExpansion(source: string, value: number): boolean {
  if (source.length > longestExact || value === 0) return false
  const [significand = '0', exponent = '0'] = normalDecimal(source).split('e')
  const power = Number(exponent)
  if (Math.abs(power) > longestExact) return false
  // value = mantissa · 2^binary, written = significand · 10^power
  let [mantissa, binary] = [Math.abs(value), 0]
  while (!Number.isInteger(mantissa)) [mantissa, binary] = [mantissa * 2, binary - 1]
  const left = BigInt(mantissa) * 10n ** BigInt(Math.max(0, -power)) * (value < 0 ? -1n : 1n)
  const right = BigInt(significand) * 10n ** BigInt(Math.max(0, power)) * 2n ** BigInt(-binary)
  return left === right
}
