/** Random JSON as text: all of Unicode, every notation of a number, any depth and size. */

export interface RandomDocument {
  text: string
  /** Whether every part is one that a double and PostgreSQL hold exactly. */
  mustBeKept: boolean
}

/** @param random uniform in [0, 1) */
export function randomDocuments(random: () => number, count: number): RandomDocument[] {
  const below = (n: number) => Math.floor(random() * n)
  const oneOf = <T>(values: readonly T[]) => values[below(values.length)] as T

  /** The bits of a double, so that every exponent is as likely. */
  function anyDouble(): number {
    const bits = new DataView(new ArrayBuffer(8))
    for (let at = 0; at < 8; at++) bits.setUint8(at, below(256))
    const value = bits.getFloat64(0)
    return Number.isFinite(value) ? value : anyDouble()
  }

  const digits = (length: number) => Array.from({ length }, () => below(10)).join('')

  function number(): { text: string; isExact: boolean } {
    switch (below(6)) {
      case 0:
        return { text: String(below(2_000) - 1_000), isExact: true }
      case 1:
        return { text: String(below(1e6) / 1_000), isExact: true }
      case 2:
        return { text: String(anyDouble()), isExact: true }
      case 3:
        // An integer that a double holds, written out.
        return { text: (BigInt(below(2 ** 30)) << BigInt(below(80))).toString(), isExact: true }
      case 4:
        return { text: `${oneOf(['', '-'])}${1 + below(9)}${digits(below(25))}`, isExact: false }
      default: {
        const fraction = below(2) ? `.${digits(1 + below(30))}` : ''
        const exponent = below(2) ? `${oneOf(['e', 'E'])}${oneOf(['', '+', '-'])}${below(450)}` : ''
        return { text: `${oneOf(['', '-'])}${below(10)}${fraction}${exponent}`, isExact: false }
      }
    }
  }

  function character(): { text: string; isStorable: boolean } {
    switch (below(12)) {
      case 0:
        return { text: String.fromCharCode(below(32)), isStorable: true }
      case 1:
        return {
          text: oneOf([
            '"',
            '\\',
            '/',
            '\u007f',
            '\u2028',
            '\u2029',
            '\ufeff',
            '\uffff',
            '{{input}}',
            '$',
            '__proto__',
          ]),
          isStorable: true,
        }
      case 2:
        return { text: String.fromCodePoint(0x1_0000 + below(0x10_0000)), isStorable: true }
      case 3:
        return { text: String.fromCodePoint(0x80 + below(0xd780)), isStorable: true }
      default:
        return { text: String.fromCharCode(32 + below(95)), isStorable: true }
    }
  }

  function string(): { text: string; isStorable: boolean } {
    const parts = Array.from({ length: below(2) ? below(8) : below(60) }, character)
    const joined = parts.map(({ text }) => text).join('')
    if (below(150) === 0) {
      // What PostgreSQL does not store.
      return { text: JSON.stringify(`${joined}${oneOf(['\0', '\ud800', '\udc00x'])}`), isStorable: false }
    }
    return { text: JSON.stringify(joined), isStorable: !joined.includes('\0') }
  }

  function value(depth: number): RandomDocument {
    const kind = depth <= 0 ? below(4) : below(7)
    if (kind === 0) return { text: oneOf(['null', 'true', 'false']), mustBeKept: true }
    if (kind === 1 || kind === 2) {
      const { text, isExact } = number()
      return { text, mustBeKept: isExact }
    }
    if (kind === 3) {
      const { text, isStorable } = string()
      return { text, mustBeKept: isStorable }
    }
    const parts = Array.from({ length: below(5) }, () => value(depth - 1 - below(2)))
    const mustBeKept = parts.every((part) => part.mustBeKept)
    if (kind < 6) return { text: `[${parts.map(({ text }) => text).join()}]`, mustBeKept }
    const names = parts.map((_, index) => {
      const { text, isStorable } = string()
      // Different names.
      return { text: `${text.slice(0, -1)}${index}"`, isStorable }
    })
    return {
      text: `{${parts.map(({ text }, index) => `${names[index]?.text}:${text}`).join()}}`,
      mustBeKept: mustBeKept && names.every(({ isStorable }) => isStorable),
    }
  }

  function document(): RandomDocument {
    switch (below(200)) {
      case 0: {
        const depth = 1 + below(700)
        return { text: `${'['.repeat(depth)}${']'.repeat(depth)}`, mustBeKept: depth <= 490 }
      }
      case 1:
        return { text: JSON.stringify('x'.repeat(below(100_000))), mustBeKept: true }
      default:
        return value(below(6))
    }
  }
  return Array.from({ length: count }, document)
}
