import { expect, test } from 'vitest'
import type { Json } from '../../../src/domain/json/json.ts'
import { PromptError, type PromptMessage, type RenderedPrompt } from '../../../src/domain/prompt/prompt.ts'
import { renderPrompt } from '../../../src/domain/prompt/render-prompt.ts'

const png = 'data:image/png;base64,iVBORw0KGgo='

function render(messages: PromptMessage[], input: Json, metadata: Json = null): RenderedPrompt | PromptError {
  return renderPrompt({ messages, parameters: {}, tools: [], maxSteps: 1 }, { input, metadata })
}

/** The text of one message of the user. */
function textOf(template: string, input: Json, metadata: Json = null): string {
  const rendered = render([{ role: 'USER', content: template }], input, metadata)
  if (rendered instanceof PromptError) throw rendered
  const [message] = rendered.messages
  return message?.role === 'USER' ? message.content.map((part) => (part.type === 'text' ? part.text : '')).join('') : ''
}

test('a name is a member of the input, with or without "input." in front, and text is never escaped', () => {
  const input = { question: 'Is <b> & "x" > y?', user: { name: 'Ada', tags: ['a', 'b'] }, n: 0, ok: false }
  expect(textOf('{{question}}|{{input.question}}|{{{question}}}|{{&question}}', input)).toBe(
    Array(4).fill(input.question).join('|'),
  )
  expect(textOf('{{user.name}} {{ input . user . tags . 1 }} {{n}} {{ok}}', input)).toBe('Ada b 0 false')
  expect(textOf('{{user}}', input)).toBe('{"name":"Ada","tags":["a","b"]}')
  expect(textOf('{{metadata.lang}}', { metadata: { lang: 'de' } }, { lang: 'en' })).toBe('en')
})

test('{{input}} is the whole input, text as it is and everything else as JSON', () => {
  expect(textOf('Q: {{input}}', 'What is 2+2?')).toBe('Q: What is 2+2?')
  expect(textOf('Q: {{input}}', { input: 'x' })).toBe('Q: {"input":"x"}')
  expect(textOf('Q: {{input}} {{input.1}}', [1, 'two'])).toBe('Q: [1,"two"] two')
})

test('sections repeat lists, leave out what is missing, and see what is around them', () => {
  const template = [
    'Examples:',
    '{{#examples}}',
    '- {{q}} -> {{a}} ({{topic}})',
    '{{/examples}}',
    '{{^examples}}',
    'none',
    '{{/examples}}',
    '{{#hint}}Hint: {{.}}{{/hint}}',
  ].join('\n')
  const examples = [
    { q: '1', a: 'one' },
    { q: '2', a: 'two' },
  ]
  expect(textOf(template, { topic: 'numbers', examples })).toBe(
    'Examples:\n- 1 -> one (numbers)\n- 2 -> two (numbers)\n',
  )
  expect(textOf(template, { examples: [], hint: 'none here' })).toBe('Examples:\nnone\nHint: none here')
})

test('braces are written with other delimiters, and single ones as they are', () => {
  expect(textOf('{{=<% %>=}}Write {{name}} as <%name%>.<%={{ }}=%> {{name}}', { name: 'Ada' })).toBe(
    'Write {{name}} as Ada. Ada',
  )
  expect(textOf('{"a": {"b": "{{x}}"}}', { x: 1 })).toBe('{"a": {"b": "1"}}')
})

test.each<[string, Json, string, string]>([
  ['{{question}}', { text: 'x', lang: 'en' }, 'question', "item's input has only text, lang."],
  ['{{user.name}}', { user: { id: 1 } }, 'user.name', "item's input.user has only id."],
  ['{{user.name.first}}', { user: { name: 'Ada' } }, 'user.name.first', "item's input.user.name is a string."],
  ['{{list.2}}', { list: [1] }, 'list.2', "item's input.list is an array of 1."],
  ['{{question}}', 'text', 'question', "item's input is a string."],
  ['{{question}}', { question: null }, 'question', "item's input.question is null."],
  ['{{input}}', null, 'input', "item's input is null."],
  ['{{constructor}}', {}, 'constructor', "item's input is an empty object."],
  ['{{text.length}}', { text: 'x' }, 'text.length', "item's input.text is a string."],
  ['{{expectedOutput}}', { q: 1 }, 'expectedOutput', "item's input has only q."],
])('%s without a value names the variable and says what the item has', (template, input, variable, message) => {
  const rendered = render([{ role: 'SYSTEM', content: `Hello ${template}` }], input)
  expect(rendered).toBeInstanceOf(PromptError)
  expect(rendered).toMatchObject({ code: 'VARIABLE_MISSING', variable })
  expect((rendered as PromptError).message).toContain(message)
})

test('a template that is only a list of messages is replaced by them, between the others', () => {
  const history: Json = [
    { role: 'system', content: 'Be kind.' },
    { role: 'user', content: 'Weather in Rome?' },
    {
      role: 'assistant',
      content: null,
      tool_calls: [{ id: 'c1', type: 'function', function: { name: 'weather', arguments: '{"city":"Rome"}' } }],
    },
    { role: 'tool', tool_call_id: 'c1', content: '31 °C' },
    { role: 'assistant', content: [{ type: 'text', text: 'Hot.' }] },
    {
      role: 'user',
      content: [
        { type: 'text', text: 'And this?' },
        { type: 'image_url', image_url: { url: png } },
      ],
    },
  ]
  const messages: PromptMessage[] = [
    { role: 'SYSTEM', content: 'You answer.' },
    { role: 'USER', content: ' {{history}}\n' },
    { role: 'USER', content: 'Briefly.' },
  ]
  expect(render(messages, { history })).toEqual({
    messages: [
      { role: 'SYSTEM', content: 'You answer.' },
      { role: 'SYSTEM', content: 'Be kind.' },
      { role: 'USER', content: [{ type: 'text', text: 'Weather in Rome?' }] },
      { role: 'ASSISTANT', content: [{ type: 'toolCall', id: 'c1', name: 'weather', arguments: { city: 'Rome' } }] },
      { role: 'TOOL', content: [{ type: 'toolResult', id: 'c1', name: 'weather', output: '31 °C' }] },
      { role: 'ASSISTANT', content: [{ type: 'text', text: 'Hot.' }] },
      {
        role: 'USER',
        content: [
          { type: 'text', text: 'And this?' },
          { type: 'image', source: { url: png }, mediaType: 'image/png', filename: null },
        ],
      },
      { role: 'USER', content: [{ type: 'text', text: 'Briefly.' }] },
    ],
  })
  expect(render(messages, { history: [] })).toMatchObject({ messages: { length: 2 } })
  expect(textOf('Chat: {{history}}', { history: [{ role: 'user', content: 'Hi' }] })).toBe(
    'Chat: [{"role":"user","content":"Hi"}]',
  )
})

test.each<[string, Json, string]>([
  ['a role that there is not', [{ role: 'robot', content: 'x' }], "item's input.0.role: expected a role"],
  [
    'a part that is not known',
    [{ role: 'user', content: [{ type: 'hologram' }] }],
    'input.0.content.0: expected a part',
  ],
  [
    'an image of the system',
    [{ role: 'system', content: [{ type: 'image', image: png }] }],
    'input.0.content: expected text',
  ],
  ['a message without content', [{ role: 'user' }], 'input.0.content: expected text or a list of parts, got nothing'],
  [
    'an answer to no call',
    [{ role: 'tool', tool_call_id: 'c9', content: '1' }],
    'input.0.tool_call_id: expected the id of a call',
  ],
])('a chat with %s is refused by the place of the message', (_what, input, message) => {
  const rendered = render([{ role: 'USER', content: '{{input}}' }], input)
  expect(rendered).toMatchObject({ code: 'INVALID_INPUT', message: expect.stringContaining(message) })
})

test('files become parts of the message where they are inserted', () => {
  const input: Json = {
    photo: { $file: 'QXR0YWNobWVudDox' },
    scan: { type: 'file', data: 'JVBERi0=', mediaType: 'application/pdf', filename: 'scan.pdf' },
    link: { type: 'image', image: 'https://example.com/a.png' },
    anthropic: { type: 'image', source: { type: 'base64', media_type: 'image/webp', data: 'UklGRg==' } },
    voice: { type: 'input_audio', input_audio: { data: 'SUQz', format: 'mp3' } },
    pages: [{ $file: 'cDE' }, { $file: 'cDI' }],
  }
  const template = 'Look: {{photo}} and {{scan}}{{link}}{{anthropic}}{{voice}}{{#pages}}{{.}}{{/pages}}{{pages}}'
  const page = (attachment: string) => ({ type: 'file', source: { attachment }, mediaType: null, filename: null })
  expect(render([{ role: 'USER', content: template }], input)).toEqual({
    messages: [
      {
        role: 'USER',
        content: [
          { type: 'text', text: 'Look: ' },
          page('QXR0YWNobWVudDox'),
          { type: 'text', text: ' and ' },
          {
            type: 'file',
            source: { url: 'data:application/pdf;base64,JVBERi0=' },
            mediaType: 'application/pdf',
            filename: 'scan.pdf',
          },
          { type: 'image', source: { url: 'https://example.com/a.png' }, mediaType: null, filename: null },
          {
            type: 'image',
            source: { url: 'data:image/webp;base64,UklGRg==' },
            mediaType: 'image/webp',
            filename: null,
          },
          { type: 'file', source: { url: 'data:audio/mpeg;base64,SUQz' }, mediaType: 'audio/mpeg', filename: null },
          page('cDE'),
          page('cDI'),
          page('cDE'),
          page('cDI'),
        ],
      },
    ],
  })
})

test('a file that would end up as text is refused by its place', () => {
  expect(render([{ role: 'USER', content: '{{input}}' }], { q: 'x', a: [{ photo: { $file: 'eA' } }] })).toMatchObject({
    code: 'INVALID_INPUT',
    message: expect.stringContaining('insert it by a name of its own, {{input.a.0.photo}}'),
  })
  expect(render([{ role: 'SYSTEM', content: '{{photo}}' }], { photo: png })).toMatchObject({
    code: 'INVALID_INPUT',
    message: expect.stringContaining('expected {{photo}} in a message of the user, got it in one of the system'),
  })
})

test('a message that comes out empty is left out, and a prompt without any is an error', () => {
  const messages: PromptMessage[] = [
    { role: 'SYSTEM', content: '{{#rules}}{{.}}{{/rules}}' },
    { role: 'USER', content: '{{q}}' },
  ]
  expect(render(messages, { q: 'x' })).toEqual({ messages: [{ role: 'USER', content: [{ type: 'text', text: 'x' }] }] })
  expect(render(messages, { q: ' ' })).toMatchObject({ code: 'INVALID_INPUT' })
})

test('sections inside each other cannot repeat their content without end', () => {
  const list = Array(40).fill('x')
  const nested = (inside: string) => '{{#a}}'.repeat(20) + inside + '{{/a}}'.repeat(20)
  for (const content of [nested('{{.}}'), nested(''), '{{#a}}{{#a}}{{#a}}{{#a}}{{long}}{{/a}}{{/a}}{{/a}}{{/a}}']) {
    expect(render([{ role: 'USER', content }], { a: list, long: 'y'.repeat(10_000) })).toMatchObject({
      code: 'INVALID_INPUT',
      message: expect.stringContaining('comes out too long'),
    })
  }
})
