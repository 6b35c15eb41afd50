/**
 * What a judge sees of an item. Data never becomes part of the instructions: only messages of the user show it, each value
 * inside a tag of its name, and no value can close that tag, since whatever looks like one of the judge's tags in a value
 * is written with `&lt;`.
 */
import type { EvaluationInput } from '../../domain/evaluation.ts'
import type { Json } from '../../domain/json/json.ts'
import { jsonExcerpt } from '../../domain/json/json-excerpt.ts'
import { compileJsonPath, isHeavyPath } from '../../domain/json/json-path.ts'
import { type JudgeData, type JudgeSpec, judgeData } from '../../domain/judge.ts'
import { invalidInput } from '../../domain/parse-input.ts'
import type { PromptMessage } from '../../domain/prompt/prompt.ts'
import { namesIn, readTemplate, TemplateError, type TemplateNode } from '../../domain/prompt/template.ts'
import { trajectoryIn } from '../../domain/trajectory.ts'
import { structureOf } from '../reading.ts'

/** Returns the messages for an item, or null when the item has no expected output that they must show. */
export type RenderJudge = (item: EvaluationInput) => PromptMessage[] | null

const variableName = /^[A-Za-z][A-Za-z0-9_]{0,39}$/
const maxCharacters = 2_000_000

/**
 * Compiles the messages of a judge.
 * @param at the position of the judge in the caller's input
 * @throws {InvalidInputError} a template, name or path that is invalid, data among the instructions, or none at all
 */
export function compileJudgeData(spec: Pick<JudgeSpec, 'messages' | 'variables'>, at: readonly string[]): RenderJudge {
  const variables = compileVariables(spec.variables, [...at, 'variables'])
  const messages = spec.messages.map(({ role, content }, index) => {
    const here = [...at, 'messages', String(index), 'content']
    const nodes = template(content, here)
    for (const name of namesIn(nodes)) {
      if (role !== 'USER') {
        throw invalidInput(
          here,
          'expected data only in messages of the role USER, apart from instructions',
          `{{${name}}}`,
        )
      }
      if (!variables.has(name)) {
        throw invalidInput(here, `expected one of the variables ${[...variables.keys()].join(', ')}`, `{{${name}}}`)
      }
    }
    return { role, nodes }
  })
  if (messages.every(({ nodes }) => namesIn(nodes).length === 0)) {
    throw invalidInput(
      [...at, 'messages'],
      'expected a message of the user that shows data, such as {{output}}',
      spec.messages,
    )
  }
  const tags = new RegExp(`<(?=[\\s/]*(?:${[...variables.keys()].join('|')})\\b)`, 'gi')
  return (item) => {
    const data: Data = { item, variables, tags, values: new Map(), left: maxCharacters, doesNotApply: false }
    const rendered = messages.map(({ role, nodes }) => ({ role, content: render(nodes, data) }))
    return data.doesNotApply ? null : rendered.filter(({ content }) => content.trim() !== '')
  }
}

function template(content: string, at: readonly string[]): TemplateNode[] {
  try {
    return readTemplate(content)
  } catch (error) {
    if (error instanceof TemplateError) throw invalidInput(at, error.expected, error.got)
    throw error
  }
}

interface Variable {
  path: string
  of: JudgeData
  /** Undefined when there is nothing at the path. */
  select: (item: EvaluationInput) => Json | undefined
}

function compileVariables(given: Record<string, string>, at: readonly string[]): Map<string, Variable> {
  const own = Object.fromEntries(judgeData.map((name) => [name, `$.${name}`]))
  return new Map(
    Object.entries({ ...own, ...given }).map(([name, path]) => {
      if (!variableName.test(name)) {
        throw invalidInput([...at, name], 'expected a name of 1–40 letters, digits and _, a letter first', name)
      }
      return [name, compileVariable(path, [...at, name])]
    }),
  )
}

const rooted = new RegExp(`^\\$\\.(${judgeData.join('|')})(?![A-Za-z0-9_])`)

function compileVariable(path: string, at: readonly string[]): Variable {
  const [begin, name] = rooted.exec(path) ?? []
  if (begin === undefined || name === undefined) {
    throw invalidInput(
      at,
      `expected a JSONPath that begins with one of ${judgeData.map((of) => `$.${of}`).join(', ')}`,
      path,
    )
  }
  if (isHeavyPath(path)) {
    throw invalidInput(at, 'expected a JSONPath without filters, commas and more than one ..', path)
  }
  const of = name as JudgeData
  const rest = path.slice(begin.length)
  if (rest === '') return { path, of, select: (item) => dataOf(item, of) }
  const select = compileJsonPath(`$${rest}`, at)
  return { path, of, select: (item) => select(structureOf(dataOf(item, of))) }
}

function dataOf(item: EvaluationInput, name: JudgeData): Json {
  return name === 'trajectory' ? trajectoryIn(item.output) : item[name]
}

interface Data {
  item: EvaluationInput
  variables: ReadonlyMap<string, Variable>
  tags: RegExp
  values: Map<string, Json | undefined>
  /** Characters that may still be shown. */
  left: number
  doesNotApply: boolean
}

function render(nodes: readonly TemplateNode[], data: Data): string {
  return nodes
    .map((node) => {
      if (node.type === 'text') return node.text
      if (node.type === 'value') return shown(node.name, data)
      return isThere(find(node.name, data)) === node.inverted ? '' : render(node.children, data)
    })
    .join('')
}

function find(name: string, { item, variables, values }: Data): Json | undefined {
  if (!values.has(name)) values.set(name, variables.get(name)?.select(item))
  return values.get(name)
}

function isThere(value: Json | undefined): boolean {
  return value != null && value !== false && value !== '' && !(Array.isArray(value) && value.length === 0)
}

/** @throws {Error} the item has no such value */
function shown(name: string, data: Data): string {
  const value = find(name, data)
  const { path, of } = data.variables.get(name) as Variable
  if (of === 'expectedOutput' && data.item.expectedOutput === null) {
    data.doesNotApply = true
    return ''
  }
  if (of === 'trajectory' && trajectoryIn(data.item.output) === null) {
    throw new Error(
      `The output has no trajectory, which {{${name}}} shows: expected a list of messages in its member trajectory or messages, got ${jsonExcerpt(data.item.output)}.`,
    )
  }
  if (value === undefined) {
    throw new Error(
      `The item has nothing at ${path}, which {{${name}}} shows. To leave it out where there is none, put it in a section: {{#${name}}}…{{/${name}}}.`,
    )
  }
  const text = (typeof value === 'string' ? value : JSON.stringify(value)).replaceAll(data.tags, '&lt;')
  data.left -= text.length
  if (data.left < 0) {
    throw new Error(`Expected at most ${maxCharacters.toLocaleString('en')} characters of data for a judge, got more.`)
  }
  return `<${name}>\n${text}\n</${name}>`
}
