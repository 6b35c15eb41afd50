/** What the response cache tells calls apart by: everything that a task can see of an item, and nothing else. */
import { expect, test } from 'vitest'
import type { TaskItem, TaskSpec } from '../../src/domain/execution/task.ts'
import { canonicalJson } from '../../src/domain/json/canonical-json.ts'
import { compileCall, parseTaskSpec } from '../../src/tasks/registry.ts'
import { noFunctions, taskItem } from './task-items.ts'

/** Which of these changes of an item make another call of it. */
function seen(spec: TaskSpec, functions: Record<string, string | null> = {}): string[] {
  const callOf = compileCall(spec, functions)
  const call = (changes: Partial<TaskItem> = {}) => canonicalJson(callOf(taskItem(changes)))
  const changes: Partial<TaskItem>[] = [
    { id: 'other' },
    { key: 'other' },
    { input: 'other' },
    { expectedOutput: 'other' },
    { metadata: { lang: 'de' } },
    { tags: ['other'] },
  ]
  return changes.filter((change) => call(change) !== call()).flatMap(Object.keys)
}

const http = (parts: object) =>
  parseTaskSpec({ kind: 'http', url: 'http://localhost/answer', ...parts }, noFunctions.registered) as TaskSpec

test.each<[object, string[]]>([
  [{}, ['input', 'metadata']],
  [{ body: '{{input}}' }, ['input']],
  [{ body: { q: '{{input}}', lang: '{{metadata.lang}}' } }, ['input', 'metadata']],
  [{ url: 'http://localhost/{{key}}', body: null, method: 'GET' }, ['key']],
  [{ headers: { 'x-item': '{{id}}' }, body: 'any' }, ['id']],
])('the call of the HTTP task %j depends on %j', (parts, expected) => {
  expect(seen(http(parts))).toEqual(expected)
})

test('the call of a function depends on the whole item, and on the function', () => {
  const spec = { kind: 'module', name: 'mine' } as const
  expect(seen(spec, { mine: 'a' })).toEqual(['id', 'key', 'input', 'expectedOutput', 'metadata', 'tags'])
  const of = (hash: string) => canonicalJson(compileCall(spec, { mine: hash })(taskItem()))
  expect(of('a')).toBe(of('a'))
  expect(of('b')).not.toBe(of('a'))
})
