/** Prompts of the server in a program: found by name, rendered as the server renders them, and used in a task. */
import { generateText } from 'ai'
import { MockLanguageModelV4 } from 'ai/test'
import { expect, test } from 'vitest'
import { PromptError } from '../../src/client/index.ts'
import { answers, capitals, exact, Lab, name } from './lab.ts'

const lab = new Lab()

const asked = {
  messages: [
    { role: 'SYSTEM' as const, content: 'Answer with one word.' },
    { role: 'USER' as const, content: 'The capital of {{country}}{{#hint}} ({{hint}}){{/hint}}?' },
  ],
  parameters: { temperature: 0, maxOutputTokens: 5 },
}

test('a prompt is created, changed by versions, labelled, and found by name with version or label', async () => {
  const { prompts } = lab.assay
  const first = await prompts.create({ name: name(), ...asked, message: 'first', labels: ['production'] })
  expect([first.version, first.labels, first.variables, first.message]).toEqual([
    1,
    ['production'],
    ['country', 'hint'],
    'first',
  ])
  expect(first.parameters).toEqual({ temperature: 0, maxOutputTokens: 5 })
  const second = await first.update({ messages: [{ role: 'USER', content: '{{country}}?' }], message: 'shorter' })
  expect([second.id, second.version]).toEqual([first.id, 2])
  expect((await second.update({ messages: second.content.messages, parameters: {} })).version).toBe(2)
  await expect(first.update({ ...asked }, { ifVersion: 1 })).rejects.toMatchObject({ code: 'CONFLICT' })

  const versions = async (at?: object) => (await prompts.get(first.name, at)).version
  expect([await versions(), await versions({ version: 1 }), await versions({ label: 'production' })]).toEqual([2, 1, 1])
  expect((await second.setLabel('production')).labels).toEqual(['production'])
  expect(await versions({ label: 'production' })).toBe(2)
  await expect(prompts.get(first.name, { label: 'staging' })).rejects.toThrow(
    `There is no label "staging" of prompt "${first.name}" in this project.`,
  )
  await expect(prompts.get('nobody')).rejects.toThrow('There is no prompt "nobody" in this project.')
  await expect(prompts.create({ name: first.name, ...asked })).rejects.toMatchObject({ code: 'CONFLICT' })
  const listed: string[] = []
  for await (const prompt of prompts.list(first.name)) listed.push(`${prompt.name} ${prompt.version}`)
  expect(listed).toEqual([`${first.name} 2`])
})

test('it is rendered here as the server renders it, errors too', async () => {
  const prompt = await lab.assay.prompts.create({
    name: name(),
    messages: [
      ...asked.messages,
      { role: 'ASSISTANT', content: '{{metadata.example}}' },
      { role: 'USER', content: '{{#list}}- {{.}}\n{{/list}}{{^list}}nothing{{/list}}{{picture}}' },
    ],
  })
  const inputs = [
    { country: 'Japan', hint: 'largest city', list: ['a', { b: 1 }], picture: 'data:image/png;base64,iVBORw0KGgo=' },
    { country: { name: 'Japan' }, list: [], picture: '' },
    { country: 'Japan' },
    { country: null, picture: '' },
  ]
  const preview = `mutation($input: PreviewPromptInput!) { previewPrompt(input: $input) { ... on PreviewPromptPayload {
    messages { role parts { ... on TextPart { text } ... on FilePart { url } } } error { code message } } } }`
  for (const input of inputs) {
    const reference = { prompt: { name: prompt.name, version: 1 } }
    const { data } = await lab.server.query(preview, { input: { prompt: { prompt: reference.prompt }, input } })
    const { messages, error } = data.previewPrompt
    const here = await prompt.render({ input }).catch((thrown: unknown) => thrown)
    if (error) {
      expect(here).toBeInstanceOf(PromptError)
      expect(here).toMatchObject(error)
      continue
    }
    const { instructions, messages: rendered } = here as Awaited<ReturnType<typeof prompt.render>>
    const flat = rendered.map(({ role, content }) => ({
      role: role.toUpperCase(),
      parts: (content as { type: string; text?: string; data?: URL }[]).map(({ text, data }) =>
        data ? { url: String(data) } : { text },
      ),
    }))
    expect([{ role: 'SYSTEM', parts: [{ text: instructions }] }, ...flat]).toEqual(messages)
  }
  expect(inputs).toHaveLength(4)
})

test('a task gives it to a model of the AI SDK, or as messages of text to any other', async () => {
  const seen: unknown[] = []
  const model = new MockLanguageModelV4({
    doGenerate: async ({ prompt, temperature, maxOutputTokens }) => {
      seen.push({ prompt, temperature, maxOutputTokens })
      const country = JSON.stringify(prompt).match(/capital of (\w+)/)?.[1] ?? ''
      return {
        content: [{ type: 'text', text: answers[country] ?? '' }],
        finishReason: { unified: 'stop', raw: 'stop' },
        usage: {
          inputTokens: { total: 7, noCache: 7, cacheRead: undefined, cacheWrite: undefined },
          outputTokens: { total: 3, text: 3, reasoning: undefined },
        },
        warnings: [],
      }
    },
  })
  await lab.assay.prompts.create({ name: 'capital', ...asked, labels: ['production'] })
  const prompt = await lab.assay.prompts.get('capital', { label: 'production' })
  const result = await lab.assay.runExperiment({
    name: name(),
    data: capitals.map(({ input, expectedOutput }) => ({ input: { country: input }, expectedOutput })),
    task: async (item) => generateText({ model, ...prompt.parameters, ...(await prompt.render(item)) }),
    evaluators: [exact],
  })
  expect(result.itemResults.map(({ output }) => output)).toEqual(['Paris', 'Bonn', 'Tokyo'])
  expect(seen).toContainEqual({
    prompt: [
      { role: 'system', content: 'Answer with one word.' },
      { role: 'user', content: [{ type: 'text', text: 'The capital of France?' }], providerOptions: undefined },
    ],
    temperature: 0,
    maxOutputTokens: 5,
  })
  expect(prompt.compile({ country: 'Peru', hint: 'not Cusco' })).toEqual([
    { role: 'system', content: 'Answer with one word.' },
    { role: 'user', content: 'The capital of Peru (not Cusco)?' },
  ])
  expect(() => prompt.compile({})).toThrow("The prompt needs {{country}}, but the item's input is an empty object.")
})
