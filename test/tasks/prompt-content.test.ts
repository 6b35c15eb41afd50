import { expect, test } from 'vitest'
import { InvalidInputError } from '../../src/domain/errors.ts'
import { parsePromptContent } from '../../src/tasks/prompt-content.ts'

const messages = [{ role: 'USER', content: '{{question}}' }]

test('what is left out or null gets its default', () => {
  expect(
    parsePromptContent({ messages, parameters: { temperature: 0, topK: null }, output: null }, ['prompt']),
  ).toEqual({
    messages,
    parameters: { temperature: 0 },
    tools: [],
    maxSteps: 10,
  })
})

test('a tool keeps the function that it is bound to, with its defaults', () => {
  const tool = { name: 'lookup', inputSchema: { type: 'object' } }
  const { tools } = parsePromptContent(
    {
      messages,
      tools: [
        { ...tool, description: 'Looks up.', function: { module: 'lookup' } },
        { ...tool, name: 'search', function: { http: { url: 'http://127.0.0.1/{{input.q}}' } } },
      ],
    },
    [],
  )
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
])('%s that is invalid is refused by its place', (_what, content, message) => {
  expect(() => parsePromptContent(content, ['prompt'])).toThrow(InvalidInputError)
  expect(() => parsePromptContent(content, ['prompt'])).toThrow(message)
})
