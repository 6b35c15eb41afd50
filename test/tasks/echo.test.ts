import { expect, it } from 'vitest'
import type { TaskSpec } from '../../src/domain/execution/task.ts'
import type { Json } from '../../src/domain/json/json.ts'
import { callTask } from '../../src/tasks/call-task.ts'
import type { HttpClient } from '../../src/tasks/http-client.ts'
import { createTask, parseTaskSpec } from '../../src/tasks/registry.ts'
import { noFunctions, taskContext, taskItem } from './task-items.ts'

const item = taskItem({
  input: { question: 'How much?', answers: ['42', null] },
  expectedOutput: 'forty-two',
  metadata: { answered: { text: '', tokens: 0 } },
})

function echo(outputPath?: string | null) {
  const spec = parseTaskSpec({ kind: 'echo', outputPath }, noFunctions.registered) as TaskSpec
  return callTask(createTask(spec, noFunctions, {} as HttpClient), item, taskContext())
}

it('gives the input, and says nothing of cost and tokens', async () => {
  expect(await echo()).toEqual({ output: item.input, costUsd: null, inputTokens: null, outputTokens: null })
  expect(await echo(null)).toEqual(await echo())
})

it.each<[string, Json]>([
  ['$.input', item.input],
  ['$.input.answers[0]', '42'],
  ['$.input.answers[1]', null],
  ['$.expectedOutput', 'forty-two'],
  ['$.metadata.answered.text', ''],
  ["$['metadata']['answered']['tokens']", 0],
  ['$.key', 'seven'],
  ['$.tags', ['math']],
])('gives what an item has at %s', async (outputPath, output) => {
  expect(await echo(outputPath)).toMatchObject({ output })
})

it.each(['$.metadata.answer', '$.input.answers[2]', '$.id'])('fails where an item has nothing at %s', async (path) => {
  await expect(echo(path)).rejects.toMatchObject({
    code: 'OUTPUT_NOT_FOUND',
    message: `Expected a value of the item at ${path}, got none.`,
    retryable: false,
  })
})

it.each([
  ['answer', 'expected a JSONPath such as $.answer.text'],
  ['$.input.answers[*]', 'expected a JSONPath of a single value, got "$.input.answers[*]"'],
  ['$..text', 'expected a JSONPath of a single value, got "$..text"'],
])('refuses the path %s', (outputPath, message) => {
  expect(() => parseTaskSpec({ kind: 'echo', outputPath }, noFunctions.registered)).toThrow(
    `task.echo.outputPath: ${message}`,
  )
})
