/**
 * Where and why a text is not JSON. JSON.parse does the reading (read-json.ts); this runs only after it failed, to find the position.
 */

interface JsonError {
  /** Characters from the start of the text. */
  offset: number
  expected: string
  got: string
}

type Expecting = 'value' | 'element' | 'name' | 'member' | 'colon' | 'next' | 'end'

const number = /-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?/y
const word = /[\p{L}\p{N}_$.+-]{1,20}/uy

/** Null when the text is JSON after all. Uses its own stack, so that no nesting is too deep. */
export function findJsonError(text: string): JsonError | null {
  const open: ('{' | '[')[] = []
  let expecting = 'value' as Expecting
  let at = 0
  const afterValue = (): Expecting => (open.length > 0 ? 'next' : 'end')

  for (;;) {
    while (text[at] === ' ' || text[at] === '\t' || text[at] === '\n' || text[at] === '\r') at++
    const character = text[at]
    const closing = open.at(-1) === '{' ? '}' : ']'
    const closes = character === closing && (expecting === 'next' || expecting === 'element' || expecting === 'member')
    if (expecting === 'end') {
      return character === undefined ? null : { offset: at, expected: 'nothing more', got: describe(text, at) }
    }
    if (closes) {
      open.pop()
      at++
      expecting = afterValue()
    } else if (expecting === 'next') {
      if (character !== ',') return { offset: at, expected: `"," or "${closing}"`, got: describe(text, at) }
      at++
      expecting = open.at(-1) === '{' ? 'name' : 'value'
    } else if (expecting === 'colon') {
      if (character !== ':') return { offset: at, expected: '":"', got: describe(text, at) }
      at++
      expecting = 'value'
    } else if (character === '"') {
      const end = endOfString(text, at)
      if (typeof end !== 'number') return end
      at = end
      expecting = expecting === 'name' || expecting === 'member' ? 'colon' : afterValue()
    } else if (expecting === 'name' || expecting === 'member') {
      const expected = expecting === 'member' ? 'a name in double quotes or "}"' : 'a name in double quotes'
      return { offset: at, expected, got: describe(text, at) }
    } else if (character === '{' || character === '[') {
      open.push(character)
      at++
      expecting = character === '{' ? 'member' : 'element'
    } else {
      const end = endOfScalar(text, at)
      if (end === null) {
        return { offset: at, expected: expecting === 'element' ? 'a value or "]"' : 'a value', got: describe(text, at) }
      }
      at = end
      expecting = afterValue()
    }
  }
}

function endOfScalar(text: string, at: number): number | null {
  for (const literal of ['true', 'false', 'null']) if (text.startsWith(literal, at)) return at + literal.length
  number.lastIndex = at
  return number.test(text) ? number.lastIndex : null
}

function endOfString(text: string, start: number): number | JsonError {
  for (let at = start + 1; ; at++) {
    const character = text[at]
    if (character === '"') return at + 1
    if (character === undefined)
      return { offset: at, expected: 'the closing quote of a string', got: describe(text, at) }
    if (character < ' ') return { offset: at, expected: 'an escape such as \\n', got: describe(text, at) }
    if (character === '\\') {
      at++
      const valid =
        text[at] === 'u' ? /^[0-9a-fA-F]{4}$/.test(text.slice(at + 1, at + 5)) : '"\\/bfnrt'.includes(text[at] ?? ' ')
      if (!valid) return { offset: at - 1, expected: 'a valid escape', got: JSON.stringify(text.slice(at - 1, at + 1)) }
    }
  }
}

function describe(text: string, at: number): string {
  const character = text[at]
  if (character === undefined) return 'the end'
  if (character < ' ')
    return `the control character U+${character.charCodeAt(0).toString(16).toUpperCase().padStart(4, '0')}`
  word.lastIndex = at
  return JSON.stringify(word.exec(text)?.[0] ?? String.fromCodePoint(text.codePointAt(at) ?? 0))
}
