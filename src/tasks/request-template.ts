/**
 * Placeholders in the parts of a request: `{{input}}`, `{{input.question}}`, `{{input.choices.0}}`,
 * `{{metadata.lang}}`, `{{key}}`, `{{id}}`, `{{repetition}}`. There is none for the expected output: a system under
 * test must never see the answer. `\{{` begins no placeholder: it is sent as `{{`.
 */

import { TaskError, type TaskItem } from '../domain/execution/task.ts'
import type { Json } from '../domain/json/json.ts'
import { memberOf, whatItHas } from '../domain/json/member.ts'
import { invalidInput } from '../domain/parse-input.ts'

/** An escaped opening, or a placeholder. */
const placeholder = /\\(\{\{)|\{\{([^{}]*)\}\}/g
const roots = ['input', 'metadata', 'key', 'id', 'repetition'] as const
type Root = (typeof roots)[number]

/** Whether `text` contains a placeholder. */
export function hasPlaceholder(text: string): boolean {
  return [...text.matchAll(placeholder)].some(([, escaped]) => escaped === undefined)
}

/** How literal text and inserted values are encoded. */
export interface Encoding {
  literal: (text: string) => string
  value: (text: string) => string
}

const plain: Encoding = { literal: (text) => text, value: (text) => text }

/**
 * Compiles text with placeholders. Strings are inserted as they are, null as nothing, everything else as JSON.
 * @param at the text's position in the caller's input
 * @throws {InvalidInputError} for an unknown placeholder; the compiled template throws a {@link TaskError} when the
 *   item lacks the value.
 */
export function compileText(text: string, at: readonly string[], encoding = plain): (item: TaskItem) => string {
  const parts: (string | ReturnType<typeof compilePlaceholder>)[] = []
  let end = 0
  for (const { index, 0: found, 1: escaped, 2: expression = '' } of text.matchAll(placeholder)) {
    parts.push(encoding.literal(text.slice(end, index)))
    parts.push(escaped === undefined ? compilePlaceholder(expression, at) : escaped)
    end = index + found.length
  }
  parts.push(encoding.literal(text.slice(end)))
  return (item) => parts.map((part) => (typeof part === 'string' ? part : encoding.value(asText(part(item))))).join('')
}

/**
 * Compiles JSON with placeholders in its strings (keys are left alone). A string that is exactly one placeholder
 * becomes the value itself, of any type; in longer strings values are inserted as by {@link compileText}.
 */
export function compileJson(template: Json, at: readonly string[]): (item: TaskItem) => Json {
  if (typeof template === 'string') {
    const whole = /^\{\{([^{}]*)\}\}$/.exec(template)
    return whole ? compilePlaceholder(whole[1] ?? '', at) : compileText(template, at)
  }
  if (template === null || typeof template !== 'object') return () => template
  if (Array.isArray(template)) {
    const elements = template.map((element, index) => compileJson(element, [...at, String(index)]))
    return (item) => elements.map((element) => element(item))
  }
  const members = Object.entries(template).map(([key, member]) => [key, compileJson(member, [...at, key])] as const)
  return (item) => Object.fromEntries(members.map(([key, member]) => [key, member(item)]))
}

function compilePlaceholder(expression: string, at: readonly string[]): (item: TaskItem) => Json {
  const [root, ...keys] = expression.split('.').map((part) => part.trim())
  const known = isRoot(root) && (keys.length === 0 || root === 'input' || root === 'metadata') && !keys.includes('')
  if (!known) {
    const hint = root === 'expectedOutput' ? ' (the expected output is never sent to the system under test)' : ''
    throw invalidInput(
      at,
      'expected a placeholder {{input}}, {{metadata}} (either may continue with .member or .index), {{key}}, {{id}} ' +
        `or {{repetition}}${hint}`,
      `{{${expression}}}`,
    )
  }
  return (item) => {
    let value: Json = item[root]
    for (const [depth, key] of keys.entries()) {
      const member = memberOf(value, key)
      if (member === undefined) {
        const parent = [root, ...keys.slice(0, depth)].join('.')
        const message = `The template needs {{${expression}}}, but the item's ${parent} ${whatItHas(value)}.`
        throw new TaskError('INVALID_INPUT', message, { retryable: false })
      }
      value = member
    }
    return value
  }
}

function isRoot(name: string | undefined): name is Root {
  return roots.some((root) => root === name)
}

function asText(value: Json): string {
  if (typeof value === 'string') return value
  return value === null ? '' : JSON.stringify(value)
}
