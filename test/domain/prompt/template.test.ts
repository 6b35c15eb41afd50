import fc from 'fast-check'
import Mustache from 'mustache'
import { expect, test } from 'vitest'
import type { Json } from '../../../src/domain/json/json.ts'
import { PromptError } from '../../../src/domain/prompt/prompt.ts'
import { renderPrompt } from '../../../src/domain/prompt/render-prompt.ts'
import { namesIn, readTemplate } from '../../../src/domain/prompt/template.ts'
import { parsePromptContent } from '../../../src/tasks/prompt-content.ts'
import { threadClock } from '../../helpers/heavy-work.ts'

test.each([
  [
    'Hello {{name',
    'expected }}, which closes {{ (to write braces, use other delimiters: {{=<% %>=}}), in line 1, got "{{name"',
  ],
  ['{{#a}}\n{{#b}}\n{{/a}}', 'expected {{/b}}, which closes {{#b}}, got "{{/a}} in line 3"'],
  ['x\n{{#a}}', 'expected {{/a}}, which closes {{#a}} in line 2'],
  ['{{/a}}', 'expected an open section, got "{{/a}} in line 1"'],
  ['{{}}', 'expected a name such as {{input.question}}'],
  ['{{a..b}}', 'expected a name such as {{input.question}}'],
  ['{{ {"a": 1} }}', 'to write braces, use other delimiters'],
  ['{{> header}}', 'expected no partial'],
  ['{{=<%=}}', 'expected two delimiters, as in {{=<% %>=}}'],
  ['{{#a}}'.repeat(21), 'expected at most 20 sections inside each other'],
])('%s is refused with what was expected', async (template, message) => {
  expect(() => readTemplate(template)).toThrow(message)
  const content = { messages: [{ role: 'USER', content: template }] }
  await expect(parsePromptContent(content, 'project', [])).rejects.toThrow(/^messages\.0\.content: /)
  await expect(parsePromptContent(content, 'project', [])).rejects.toThrow(message)
})

test('the names in a template are listed once each', () => {
  expect(namesIn(readTemplate('{{a}} {{#b.c}}{{d}}{{a}}{{/b.c}}{{! no }}'))).toEqual(['a', 'b.c', 'd'])
})

test('templates render as mustache does', () => {
  const view: Json = { a: 'A', b: { c: 'C', d: ['x', 'y'] }, e: [], f: false, t: true, l: [{ a: 'in' }, { c: 'only' }] }
  const piece: fc.Arbitrary<string> = fc.letrec<{ piece: string }>((tie) => ({
    piece: fc.oneof(
      { maxDepth: 3, withCrossShrink: true },
      fc.constantFrom(
        'text',
        ' ',
        '\n',
        '\t',
        '{ ',
        '}',
        '\r\n',
        '{{a}}',
        '{{{b.c}}}',
        '{{& a }}',
        '{{! c }}',
        '{{!\n}}',
      ),
      fc
        .tuple(
          fc.constantFrom('#', '^'),
          fc.constantFrom('a', 'b', 'b.d', 'e', 'f', 't', 'l', 'zz'),
          fc.array(tie('piece')),
        )
        .map(([sigil, name, inside]) => `{{${sigil}${name}}}${inside.join('')}{{/${name}}}`),
      fc.constantFrom('{{=<% %>=}}<%a%>{{a}}<%={{ }}=%>', '{{= | | =}}|#t| |a| |/t||={{ }}=|'),
    ),
  })).piece
  fc.assert(
    fc.property(fc.array(piece), (pieces) => {
      // The end has text, so that neither comes out without a message.
      const template = `${pieces.join('')}.`
      const content = {
        messages: [{ role: 'USER' as const, content: template }],
        parameters: {},
        tools: [],
        maxSteps: 1,
      }
      const rendered = renderPrompt(content, { input: view })
      if (rendered instanceof PromptError) throw rendered
      expect(rendered.messages).toEqual([
        { role: 'USER', content: [{ type: 'text', text: Mustache.render(template, view, {}, { escape: String }) }] },
      ])
    }),
    { numRuns: 2_000 },
  )
})

test('a hostile template is read in linear time', () => {
  const templates = [
    `{{${' '.repeat(400_000)}`,
    '{{a}}'.repeat(80_000),
    `${' '.repeat(400_000)}{{!x}}`,
    '{{{'.repeat(120_000),
  ]
  const worked = threadClock()
  for (const template of templates) {
    try {
      readTemplate(template)
    } catch {
      // Refused or not, it must not take long.
    }
  }
  expect(worked()).toBeLessThan(40)
})
