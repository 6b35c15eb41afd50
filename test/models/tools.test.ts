import { afterAll, beforeEach, describe, expect, it } from 'vitest'
import { call, providersBothWays } from '../helpers/model-call.ts'
import { type Answering, startModelServer } from '../helpers/model-server/model-server.ts'

let answering: Answering = () => ({ text: '' })
const server = await startModelServer((request) => answering(request))
afterAll(() => server.stop())
beforeEach(() => {
  server.requests.length = 0
})

describe.each(providersBothWays)('%s', (_name, provider) => {
  it('calls tools until the model answers, and records what they returned', async () => {
    answering = ({ body }) =>
      JSON.stringify(body).includes('sum is')
        ? { text: 'It is 42.' }
        : { toolCalls: [{ id: 'call_1', name: 'add', arguments: { a: 2, b: 40 } }] }
    const result = await call(server, {
      ...provider,
      maxSteps: 5,
      tools: [
        {
          name: 'add',
          description: 'Adds.',
          inputSchema: { type: 'object', properties: { a: { type: 'number' }, b: { type: 'number' } } },
          run: async (input) => {
            const { a, b } = input as { a: number; b: number }
            return { text: `sum is ${a + b}` }
          },
        },
      ],
    })
    expect(result.output).toEqual({
      answer: 'It is 42.',
      trajectory: [
        { role: 'assistant', content: '', toolCalls: [{ id: 'call_1', name: 'add', arguments: { a: 2, b: 40 } }] },
        { role: 'tool', id: 'call_1', name: 'add', result: { text: 'sum is 42' } },
        { role: 'assistant', content: 'It is 42.', toolCalls: [] },
      ],
    })
    expect(result).toMatchObject({ inputTokens: 20, outputTokens: 10, generation: { steps: 2 } })
  })

  it('ends with the calls of a tool that nothing is bound to, and at the limit of steps', async () => {
    answering = () => ({ toolCalls: [{ id: 'call_1', name: 'look', arguments: { at: 'it' } }] })
    const tool = { name: 'look', inputSchema: { type: 'object' } }
    const unbound = await call(server, { ...provider, maxSteps: 5, tools: [tool] })
    expect(unbound.output).toMatchObject({ answer: '', trajectory: [{ toolCalls: [{ name: 'look' }] }] })
    expect(server.requests).toHaveLength(1)
    await call(server, { ...provider, maxSteps: 3, tools: [{ ...tool, run: async () => 'nothing' }] })
    expect(server.requests).toHaveLength(4)
  })

  it('tells the model that a tool failed, and goes on', async () => {
    answering = ({ body }) =>
      JSON.stringify(body).includes('no such file')
        ? { text: 'Sorry.' }
        : { toolCalls: [{ id: 'call_1', name: 'read', arguments: {} }] }
    const run = () => Promise.reject(new Error('no such file'))
    const tools = [{ name: 'read', inputSchema: { type: 'object' }, run }]
    const result = await call(server, { ...provider, maxSteps: 5, tools })
    expect(result.output).toMatchObject({
      answer: 'Sorry.',
      trajectory: [{}, { role: 'tool', name: 'read', error: 'no such file' }, {}],
    })
  })

  it('has a right of its own for every request, and none while tools run', async () => {
    answering = ({ body }) =>
      JSON.stringify(body).includes('sum is')
        ? { text: 'It is 42.', usage: { input: 70, output: 7 } }
        : { toolCalls: [{ id: 'call_1', name: 'add', arguments: {} }], usage: { input: 50, output: 5 } }
    const events: string[] = []
    const calls = {
      begin: async () => void events.push(`begins after ${server.requests.length}`),
      end: ({ tokens }: { tokens: number | null }) => void events.push(`ends with ${tokens}`),
    }
    const run = async () => {
      events.push('tool')
      return 'sum is 42'
    }
    const tools = [{ name: 'add', inputSchema: { type: 'object' }, run }]
    await call(server, { ...provider, maxSteps: 5, tools, context: { calls } })
    // A stream may hand over the call before it ends.
    expect(events.filter((event) => event !== 'tool')).toEqual(['ends with 55', 'begins after 1', 'ends with 77'])
    expect(events.indexOf('tool')).toBeLessThan(events.indexOf('begins after 1'))
  })
})
