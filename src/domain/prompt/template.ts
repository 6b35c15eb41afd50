/**
 * Reads the templates of prompts: mustache with `{{name}}` (also `{{{name}}}` and `{{&name}}`: nothing is ever escaped),
 * sections `{{#name}}…{{/name}}` and `{{^name}}…{{/name}}`, comments `{{! … }}` and other delimiters `{{=<% %>=}}`.
 * There are no partials. As mustache.js does, a line of nothing but sections and comments leaves nothing behind.
 *
 * It is a reader of its own because mustache.js finds inherited members (`{{constructor}}`), takes quadratic time for
 * some templates, and renders what is missing as nothing.
 */
import { jsonExcerpt } from '../json/json-excerpt.ts'

export type TemplateNode =
  | { type: 'text'; text: string }
  | { type: 'value'; name: string }
  | { type: 'section'; name: string; inverted: boolean; children: TemplateNode[] }

/** A text that is no template. */
export class TemplateError extends Error {
  /** What was expected, and in which line. */
  readonly expected: string
  /** What is there; undefined at the end of the text. */
  readonly got: string | undefined

  constructor(expected: string, got: string | undefined) {
    super(`${expected}, got ${jsonExcerpt(got)}.`)
    this.name = 'TemplateError'
    this.expected = expected
    this.got = got
  }
}

const maxNesting = 20
const maxNameLength = 200

/** Reads a template. @throws {TemplateError} */
export function readTemplate(template: string): TemplateNode[] {
  const tokens = withoutStandaloneLines(tokensOf(template))
  const root: TemplateNode[] = []
  const open: { tag: Tag; children: TemplateNode[] }[] = []
  for (const token of tokens) {
    const children = open.at(-1)?.children ?? root
    switch (token.type) {
      case 'text': {
        const last = children.at(-1)
        if (last?.type === 'text') last.text += token.text
        else children.push({ type: 'text', text: token.text })
        break
      }
      case 'value':
        children.push({ type: 'value', name: token.name })
        break
      case '#':
      case '^': {
        const section = { type: 'section' as const, name: token.name, inverted: token.type === '^', children: [] }
        children.push(section)
        open.push({ tag: token, children: section.children })
        if (open.length > maxNesting)
          throw new TemplateError(`expected at most ${maxNesting} sections inside each other`, token.source)
        break
      }
      case '/': {
        const section = open.pop()
        if (section?.tag.name === token.name) break
        const expected = section ? `{{/${section.tag.name}}}, which closes ${section.tag.source}` : 'an open section'
        throw new TemplateError(`expected ${expected}`, `${token.source} in line ${lineOf(template, token.start)}`)
      }
    }
  }
  const unclosed = open.pop()?.tag
  if (unclosed) {
    const line = lineOf(template, unclosed.start)
    throw new TemplateError(
      `expected {{/${unclosed.name}}}, which closes ${unclosed.source} in line ${line}`,
      undefined,
    )
  }
  return root
}

/** The names that a template has, outside and inside of its sections, each once, in the order of their appearance. */
export function namesIn(nodes: readonly TemplateNode[]): string[] {
  const names = nodes.flatMap((node) =>
    node.type === 'text' ? [] : node.type === 'value' ? [node.name] : [node.name, ...namesIn(node.children)],
  )
  return [...new Set(names)]
}

interface Tag {
  type: 'value' | '#' | '^' | '/' | '!'
  name: string
  /** As it is written. */
  source: string
  start: number
}

type Token = { type: 'text'; text: string } | Tag

function tokensOf(template: string): Token[] {
  const tokens: Token[] = []
  let [opening, closing] = ['{{', '}}']
  let position = 0
  while (position < template.length) {
    const start = template.indexOf(opening, position)
    if (start === -1) {
      tokens.push({ type: 'text', text: template.slice(position) })
      break
    }
    if (start > position) tokens.push({ type: 'text', text: template.slice(position, start) })
    const inside = start + opening.length
    const sigil = sigilAt(template, inside)
    const end = `${closers[sigil] ?? ''}${closing}`
    const close = template.indexOf(end, inside)
    if (close === -1)
      throw refused(template, start, `expected ${end}, which closes ${opening}${hint}`, template.slice(start))
    position = close + end.length
    const source = template.slice(start, position)
    const content = template.slice(inside, close)
    if (sigil === '=') {
      ;[opening, closing] = delimitersIn(template, start, content.trimStart().slice(1), source)
      tokens.push({ type: '!', name: '', source, start })
    } else if (sigil === '!') {
      tokens.push({ type: '!', name: '', source, start })
    } else {
      if (sigil === '>')
        throw refused(template, start, 'expected no partial: a template cannot include another one', source)
      const name = content.trimStart().slice(sigil.length).trim()
      checkName(template, start, name, source)
      tokens.push({ type: sigil === '#' || sigil === '^' || sigil === '/' ? sigil : 'value', name, source, start })
    }
  }
  return tokens
}

const hint = ' (to write braces, use other delimiters: {{=<% %>=}})'

const sigils = ['#', '^', '/', '>', '{', '&', '=', '!'] as const
type Sigil = (typeof sigils)[number] | ''
const closers: Partial<Record<Sigil, string>> = { '{': '}', '=': '=' }

function sigilAt(template: string, position: number): Sigil {
  if (template.charAt(position) === '{') return '{'
  let at = position
  while (/\s/.test(template.charAt(at))) at++
  return sigils.find((sigil) => sigil !== '{' && sigil === template.charAt(at)) ?? ''
}

function delimitersIn(template: string, start: number, content: string, source: string): [string, string] {
  const [opening, closing, ...more] = content.trim().split(/\s+/)
  if (opening && closing && more.length === 0 && !content.includes('=')) return [opening, closing]
  throw refused(template, start, 'expected two delimiters, as in {{=<% %>=}}', source)
}

function checkName(template: string, start: number, name: string, source: string): void {
  const isName = name !== '' && name.length <= maxNameLength && !/[\n{}]/.test(name)
  const isPath = name === '.' || name.split('.').every((part) => part.trim() !== '')
  if (isName && isPath) return
  throw refused(template, start, `expected a name such as {{input.question}}${hint}`, source)
}

function refused(template: string, start: number, expected: string, got: string): TemplateError {
  return new TemplateError(`${expected}, in line ${lineOf(template, start)}`, got)
}

function lineOf(template: string, position: number): number {
  return template.slice(0, position).split('\n').length
}

/** Removes the white space, and the end of the line, around tags that put nothing there. */
function withoutStandaloneLines(tokens: Token[]): Token[] {
  const lines: Token[] = []
  let line: Token[] = []
  const endLine = () => {
    const standsAlone =
      line.some((token) => token.type !== 'text') &&
      line.every((token) => token.type !== 'value' && (token.type !== 'text' || token.text.trim() === ''))
    lines.push(...(standsAlone ? line.filter((token) => token.type !== 'text') : line))
    line = []
  }
  for (const token of tokens) {
    if (token.type !== 'text') {
      line.push(token)
      continue
    }
    for (const text of token.text.split(/(?<=\n)/)) {
      line.push({ type: 'text', text })
      if (text.endsWith('\n')) endLine()
    }
  }
  endLine()
  return lines
}
