import { expect, test } from 'vitest'
import { InvalidInputError } from '../../src/domain/errors.ts'
import type { Json } from '../../src/domain/json/json.ts'
import { parsePromptContent } from '../../src/tasks/prompt-content.ts'
import { answerCheck } from '../../src/tasks/prompt-schema.ts'

const messages = [{ role: 'USER', content: '{{question}}' }]
const parse = (content: object) => parsePromptContent(content, 'project', ['prompt'])

test('what is left out or null gets its default', async () => {
  expect(await parse({ messages, parameters: { temperature: 0, topK: null }, output: null })).toEqual({
    messages,
    parameters: { temperature: 0 },
    tools: [],
    maxSteps: 10,
  })
})

test('a tool keeps the function that it is bound to, with its defaults', async () => {
  const tool = { name: 'lookup', inputSchema: { type: 'object' } }
  const { tools } = await parse({
    messages,
    tools: [
      { ...tool, description: 'Looks up.', function: { module: 'lookup' } },
      { ...tool, name: 'search', function: { http: { url: 'http://127.0.0.1/{{input.q}}' } } },
    ],
  })
  expect(tools).toMatchObject([
    { name: 'lookup', description: 'Looks up.', function: { module: 'lookup' } },
    { name: 'search', function: { http: { kind: 'http', method: 'POST', url: 'http://127.0.0.1/{{input.q}}' } } },
  ])
})

test.each<[string, object, string]>([
  ['no messages', { messages: [] }, 'prompt.messages: expected at least one message'],
  ['a role', { messages: [{ role: 'TOOL', content: '' }] }, 'prompt.messages.0.role'],
  ['a template', { messages: [{ role: 'USER', content: '{{' }] }, 'prompt.messages.0.content: expected }}'],
  ['a temperature', { messages, parameters: { temperature: -1 } }, 'prompt.parameters.temperature'],
  [
    'a parameter that there is not',
    { messages, parameters: { temprature: 1 } },
    'prompt.parameters: expected no member "temprature"',
  ],
  [
    'provider options',
    { messages, parameters: { providerOptions: { openai: 1 } } },
    'prompt.parameters.providerOptions.openai: expected a JSON object',
  ],
  ['an output schema', { messages, output: { schema: { type: 'strange' } } }, 'prompt.output.schema'],
  [
    'a tool name',
    { messages, tools: [{ name: 'a b', inputSchema: {} }] },
    'prompt.tools.0.name: expected 1–64 letters',
  ],
  [
    'a tool twice',
    {
      messages,
      tools: [
        { name: 'a', inputSchema: {} },
        { name: 'a', inputSchema: {} },
      ],
    },
    'prompt.tools.1.name: expected another name',
  ],
  [
    'a tool schema',
    { messages, tools: [{ name: 'a', inputSchema: 7 }] },
    'prompt.tools.0.inputSchema: expected a JSON Schema',
  ],
  [
    'a function',
    { messages, tools: [{ name: 'a', inputSchema: {}, function: {} }] },
    'prompt.tools.0.function: expected exactly one of module and http',
  ],
  [
    'a URL',
    { messages, tools: [{ name: 'a', inputSchema: {}, function: { http: { url: 'x' } } }] },
    'prompt.tools.0.function.http.url: expected an absolute URL',
  ],
  ['steps', { messages, maxSteps: 0 }, 'prompt.maxSteps'],
  ['a megabyte', { messages: [{ role: 'USER', content: 'x'.repeat(1_000_001) }] }, 'prompt: expected at most 1 MB'],
])('%s that is invalid is refused by its place', async (_what, content, message) => {
  const outcome = await parse(content).catch((error: unknown) => error)
  expect(outcome).toBeInstanceOf(InvalidInputError)
  expect((outcome as InvalidInputError).message).toContain(message)
})

test('an answer that takes for ever to check is refused in time', async () => {
  // Each level asks twice whether the next one is valid.
  const level = (n: number): Json => ({ anyOf: [{ $ref: `#/$defs/l${n}` }, { allOf: [{ $ref: `#/$defs/l${n}` }] }] })
  const levels = Array.from({ length: 40 }, (_, n) => [`l${n}`, n === 39 ? { type: 'string' } : level(n + 1)])
  const schema: Json = { $defs: Object.fromEntries(levels), properties: { x: level(0) } }
  expect(await answerCheck(schema, 'project')({ y: 7 })).toBeNull()
  const outcome = await Promise.resolve(answerCheck(schema, 'project', 500)({ x: 7 })).catch((error: unknown) => error)
  expect(outcome).toMatchObject({ code: 'INVALID_OUTPUT', retryable: false })
})

test('a schema with references is refused by its place, too', async () => {
  const schema = { $defs: { a: { type: 'strange' } }, $ref: '#/$defs/a' }
  const tools = Array.from({ length: 5 }, (_, n) => ({ name: `t${n}`, inputSchema: n === 4 ? schema : {} }))
  await expect(parse({ messages, tools })).rejects.toMatchObject({ path: ['prompt', 'tools', '4', 'inputSchema'] })
})
