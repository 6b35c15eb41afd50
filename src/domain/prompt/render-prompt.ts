import type { Json } from '../json/json.ts'
import { memberOf, whatItHas } from '../json/member.ts'
import { isChat, readChat } from './chat-messages.ts'
import { partIn, pathOfFile } from './file-parts.ts'
import {
  type FilePart,
  type PromptContent,
  PromptError,
  type PromptMessage,
  type RenderedMessage,
  type RenderedPrompt,
  type TextPart,
} from './prompt.ts'
import { namesIn, readTemplate, type TemplateNode } from './template.ts'

/** What a prompt sees of an item; never the expected output: a system under test must not see the answer. */
export interface PromptVariables {
  input: Json
  metadata?: Json
}

/**
 * The messages that the model gets for an item.
 *
 * - `{{input}}` is the whole input, `{{metadata.lang}}` a member of the metadata, every other name a member of the
 *   input: `{{question}}` is `{{input.question}}`. Dotted names go into objects and, by number, into lists.
 * - Text is inserted as it is, other values as JSON. Files (data URLs, `{"$file": …}` and parts of messages, or a list
 *   of these) become parts of the message.
 * - A template that is exactly one name, whose value is a list of messages, is replaced by these messages.
 * - A message that comes out empty is left out.
 *
 * @returns the error if the item has no value for a name outside of sections (VARIABLE_MISSING; null is no value), a
 *   value that cannot be inserted, or the prompt comes out without a message or too long (INVALID_INPUT)
 */
export function renderPrompt(content: PromptContent, variables: PromptVariables): RenderedPrompt | PromptError {
  try {
    const size = { steps: 0, characters: 0 }
    const messages = templatesOf(content).flatMap((template) => renderMessage(template, variables, size))
    if (messages.length > 0) return { messages }
    return new PromptError('INVALID_INPUT', 'The prompt comes out without a message: expected at least one with text.')
  } catch (error) {
    if (error instanceof PromptError) return error
    throw error
  }
}

/** The names in the templates of a prompt, without `.`, each once, in the order of their appearance. */
export function variablesOf(content: PromptContent): string[] {
  const names = new Set(templatesOf(content).flatMap(({ nodes }) => namesIn(nodes)))
  names.delete('.')
  return [...names]
}

interface MessageTemplate {
  role: PromptMessage['role']
  nodes: TemplateNode[]
}

/** A run renders the same content for every item. */
const read = new WeakMap<PromptContent, MessageTemplate[]>()

function templatesOf(content: PromptContent): MessageTemplate[] {
  let templates = read.get(content)
  if (!templates) {
    templates = content.messages.map(({ role, content: text }) => ({ role, nodes: readTemplate(text) }))
    read.set(content, templates)
  }
  return templates
}

/** How much has been rendered of a prompt: sections inside each other multiply the lengths of their lists. */
interface Size {
  /** Texts, values and sections, each as often as it comes. */
  steps: number
  /** Of what is inserted. */
  characters: number
}

const maxSteps = 200_000
const maxCharacters = 50_000_000

/** @throws {PromptError} */
function grow(size: Size, characters: number): void {
  size.steps += 1
  size.characters += characters
  const [limit, what] = size.steps > maxSteps ? [maxSteps, 'parts'] : [maxCharacters, 'characters']
  if (size.steps <= maxSteps && size.characters <= maxCharacters) return
  const message = `The prompt comes out too long: expected at most ${limit.toLocaleString('en')} ${what}, got more. Sections inside each other repeat their content for each element of each list.`
  throw new PromptError('INVALID_INPUT', message)
}

function renderMessage({ role, nodes }: MessageTemplate, variables: PromptVariables, size: Size): RenderedMessage[] {
  const frames: Frame[] = [{ value: variables.input, root: variables }]
  const chat = chatIn(nodes, frames)
  if (chat) return chat
  const pieces: (string | FilePart)[] = []
  renderNodes(nodes, frames, { role, pieces, size })
  const parts = joined(pieces)
  if (parts.every((part) => part.type === 'text' && part.text.trim() === '')) return []
  switch (role) {
    case 'USER':
      return [{ role, content: parts }]
    case 'SYSTEM':
      return [{ role, content: parts.map(textOf).join('') }]
    case 'ASSISTANT':
      return [{ role, content: [{ type: 'text', text: parts.map(textOf).join('') }] }]
  }
}

/** The messages, when the template is nothing but a name whose value is a list of them. */
function chatIn(nodes: readonly TemplateNode[], frames: readonly Frame[]): RenderedMessage[] | null {
  const [only, ...more] = nodes.filter((node) => node.type !== 'text' || node.text.trim() !== '')
  if (only?.type !== 'value' || more.length > 0) return null
  const found = find(only.name, frames)
  return 'value' in found && isChat(found.value) ? readChat(found.value, found.path) : null
}

/** The value that names are looked up in; the outermost also has `input` and `metadata`. */
interface Frame {
  value: Json
  root?: PromptVariables
}

interface Output {
  role: PromptMessage['role']
  pieces: (string | FilePart)[]
  size: Size
}

function push({ pieces, size }: Output, piece: string | FilePart): void {
  grow(size, typeof piece === 'string' ? piece.length : lengthOf(piece))
  pieces.push(piece)
}

/** Of an attachment, only its id. */
function lengthOf({ source }: FilePart): number {
  return ('url' in source ? source.url : source.attachment).length
}

function renderNodes(nodes: readonly TemplateNode[], frames: readonly Frame[], output: Output): void {
  for (const node of nodes) {
    if (node.type === 'text') push(output, node.text)
    else if (node.type === 'value') insert(node.name, frames, output)
    else {
      for (const inside of framesOf(node, frames)) {
        grow(output.size, 0)
        renderNodes(node.children, inside, output)
      }
    }
  }
}

/** The frames of each time that a section's content is rendered. */
function framesOf(
  { name, inverted }: Extract<TemplateNode, { type: 'section' }>,
  frames: readonly Frame[],
): (readonly Frame[])[] {
  const found = find(name, frames)
  const value = 'value' in found ? found.value : null
  const isNothing = !value || (Array.isArray(value) && value.length === 0)
  if (inverted || isNothing) return inverted && isNothing ? [frames] : []
  if (Array.isArray(value)) return value.map((element) => [...frames, { value: element }])
  return value === true ? [frames] : [[...frames, { value }]]
}

function insert(name: string, frames: readonly Frame[], output: Output): void {
  const { role } = output
  const found = find(name, frames)
  if ('missing' in found || found.value === null) {
    const why = 'missing' in found ? found.missing : `${found.path} is null`
    const optional = `To leave it out where there is none, put it in a section: {{#${name}}}…{{/${name}}}.`
    throw new PromptError('VARIABLE_MISSING', `The prompt needs {{${name}}}, but the item's ${why}. ${optional}`, name)
  }
  const { value, path } = found
  const parts = partsOf(value)
  if (parts) {
    const file = parts.find((part) => part.type !== 'text')
    if (file && role !== 'USER') {
      const message = `The item's ${path} is a file: expected {{${name}}} in a message of the user, got it in one of the ${role.toLowerCase()}.`
      throw new PromptError('INVALID_INPUT', message, name)
    }
    for (const part of parts) push(output, part.type === 'text' ? part.text : part)
    return
  }
  const file = pathOfFile(value, path)
  if (file !== null) {
    const message = `The item's ${file} is a file, which the text of {{${name}}} cannot show: insert it by a name of its own, {{${file}}}.`
    throw new PromptError('INVALID_INPUT', message, name)
  }
  push(output, typeof value === 'string' ? value : JSON.stringify(value))
}

/** A file or part, or a list of these; null for every other value. */
function partsOf(value: Json): (TextPart | FilePart)[] | null {
  if (!Array.isArray(value)) {
    const part = partIn(value)
    return part && [part]
  }
  const parts = value.map(partIn)
  return parts.length > 0 && parts.every((part) => part !== null) ? parts : null
}

type Found = { value: Json; path: string } | { missing: string }

/** Looks a name up from the innermost frame outwards: its first part decides where. */
function find(name: string, frames: readonly Frame[]): Found {
  const innermost = frames.at(-1) as Frame
  if (name === '.') return { value: innermost.value, path: 'input' }
  const [first = '', ...rest] = name.split('.').map((part) => part.trim())
  for (const { value, root } of frames.toReversed()) {
    if (root && (first === 'input' || first === 'metadata')) return walk(root[first] ?? null, first, rest)
    const member = memberOf(value, first)
    if (member !== undefined) return walk(member, root ? `input.${first}` : first, rest)
  }
  return { missing: `input ${whatItHas((frames[0] as Frame).value)}` }
}

function walk(start: Json, path: string, keys: readonly string[]): Found {
  let value = start
  for (const [depth, key] of keys.entries()) {
    const member = memberOf(value, key)
    if (member === undefined) return { missing: `${[path, ...keys.slice(0, depth)].join('.')} ${whatItHas(value)}` }
    value = member
  }
  return { value, path: [path, ...keys].join('.') }
}

function joined(pieces: (string | FilePart)[]): (TextPart | FilePart)[] {
  const parts: (TextPart | FilePart)[] = []
  for (const piece of pieces) {
    const last = parts.at(-1)
    if (typeof piece !== 'string') parts.push(piece)
    else if (last?.type === 'text') last.text += piece
    else parts.push({ type: 'text', text: piece })
  }
  return parts.filter((part) => part.type !== 'text' || part.text !== '')
}

/** Files were refused where they were inserted. */
function textOf(part: TextPart | FilePart): string {
  return part.type === 'text' ? part.text : ''
}
