import { afterAll, describe, expect, test } from 'vitest'
import { encodeGlobalId } from '../../../schema/relay/global-id.ts'
import { createExperiment, updateExperiment } from '../../../src/engine/experiments.ts'
import { seedDataset } from '../../helpers/engine.ts'
import { seedProvider } from '../../helpers/prompt-task.ts'
import { startPromptServer, user } from './prompt-server.ts'

const { t, headers, ask, mutate, promptOf } = await startPromptServer()
afterAll(() => t[Symbol.asyncDispose]())

describe('a label', () => {
  test('is on one version at a time, and moves with its date and author', async () => {
    const id = await promptOf('labelled', 'one', 'two')
    const set = (label: string, version: number) =>
      mutate('setPromptLabel', { promptId: id, label, version }, 'labels { name version movedAt }')
    expect(await set('production', 1)).toMatchObject({ prompt: { labels: [{ name: 'production', version: 1 }] } })
    const moved = await set('production', 2)
    expect(moved).toMatchObject({ prompt: { labels: [{ name: 'production', version: 2 }] } })
    expect((await set('production', 2)).prompt.labels).toEqual(moved.prompt.labels)
    expect(await set('ship-it_2.0', 1)).toMatchObject({ prompt: { labels: [{ name: 'production' }, { version: 1 }] } })
    expect(await mutate('removePromptLabel', { promptId: id, label: 'production' }, 'labels { name }')).toMatchObject({
      prompt: { labels: [{ name: 'ship-it_2.0' }] },
    })
    expect(await mutate('removePromptLabel', { promptId: id, label: 'production' })).toMatchObject({
      __typename: 'NotFoundError',
      path: ['input', 'label'],
    })
  })

  test.each([
    ['latest', 1, 'InvalidInputError', 'expected another label'],
    ['12', 1, 'InvalidInputError', 'something else than digits'],
    ['a b', 1, 'InvalidInputError', 'expected a label of 1–50 letters'],
    ['', 1, 'InvalidInputError', 'expected a label of 1–50 letters'],
    ['ok', 3, 'NotFoundError', 'expected a version from 1 to 2'],
    ['ok', 0, 'NotFoundError', 'expected a version from 1 to 2'],
  ])('%j on version %d is refused', async (label, version, type, message) => {
    const { prompt } = await ask('{ prompt(name: "labels of two") { id } }')
    const promptId = prompt?.id ?? (await promptOf('labels of two', 'one', 'two'))
    expect(await mutate('setPromptLabel', { promptId, label, version })).toMatchObject({
      __typename: type,
      message: expect.stringContaining(message),
    })
  })

  test('that an experiment refers to is moved, but not removed', async () => {
    const promptId = await promptOf('in production', 'one', 'two')
    for (const label of ['production', 'staging']) await mutate('setPromptLabel', { promptId, label, version: 1 })
    await seedProvider(t, 'http://127.0.0.1:1/v1')
    const task = (reference: object) => ({
      ...{ kind: 'prompt', provider: 'test', model: 'm' },
      prompt: { prompt: { name: 'in production', ...reference } },
    })
    const datasetId = await seedDataset(t, [1])
    const created = { name: 'tickets', datasetId, task: task({ label: 'production' }) }
    const { id } = await createExperiment(t.services, t.scope, created)
    const remove = (label: string) => mutate('removePromptLabel', { promptId, label })
    expect(await remove('production')).toEqual({
      ...{ __typename: 'ConflictError', code: 'CONFLICT', path: ['input', 'label'] },
      message:
        'Label production of prompt "in production" is used by experiment "tickets", whose runs could not start without it. Move it to another version, or give them another version or label first.',
    })
    expect(await mutate('setPromptLabel', { promptId, label: 'production', version: 2 })).toMatchObject({
      __typename: 'SetPromptLabelPayload',
    })
    expect(await remove('staging')).toMatchObject({ __typename: 'RemovePromptLabelPayload' })
    await updateExperiment(t.services, t.scope, { id, task: task({ version: 1 }) })
    expect(await remove('production')).toMatchObject({ __typename: 'RemovePromptLabelPayload' })
  })

  test('is never missing or twice while it moves', async () => {
    const id = await promptOf('moving', 'one', 'two')
    await mutate('setPromptLabel', { promptId: id, label: 'production', version: 1 })
    const look = async () =>
      (await ask('{ promptVersion(name: "moving", label: "production") { version labels } }')).promptVersion
    let moving = true
    const seen: { version: number }[] = []
    const looking = Promise.all(
      [1, 2, 3].map(async () => {
        while (moving) seen.push(await look())
      }),
    )
    for (let n = 0; n < 12; n++)
      await mutate('setPromptLabel', { promptId: id, label: 'production', version: 1 + (n % 2) })
    moving = false
    await looking
    expect(seen.length).toBeGreaterThan(12)
    for (const version of seen) expect([1, 2]).toContain(version?.version)
  })
})

test('a version is looked up by its number, a label, or as the newest', async () => {
  const promptId = await promptOf('looked up', 'one', 'two', 'three')
  await mutate('setPromptLabel', { promptId, label: 'production', version: 2 })
  const look = async (args: string) =>
    (await ask(`{ promptVersion(name: "looked up"${args}) { version } }`)).promptVersion?.version
  expect(await look('')).toBe(3)
  expect(await look(', version: 1')).toBe(1)
  expect(await look(', label: "production"')).toBe(2)
  expect(await look(', version: 4')).toBeUndefined()
  expect(await look(', label: "staging"')).toBeUndefined()
  const { errors } = await t.query('{ promptVersion(name: "looked up", version: 1, label: "x") { id } }', {}, headers)
  expect(errors?.[0]).toMatchObject({ message: 'Expected a version or a label, got both.', path: ['promptVersion'] })
})

test('the versions of a prompt are filtered by author, date and message', async () => {
  const id = await promptOf('history', 'one', 'two')
  await mutate('updatePrompt', { id, content: user('three'), message: 'Make it SHORTER' })
  const versions = async (filter: string) => {
    const document = `query($id: ID!) { node(id: $id) { ... on Prompt { versions(filter: { ${filter} }) { countUpTo nodes { version } } } } }`
    const { nodes, countUpTo } = (await ask(document, { id })).node.versions
    expect(countUpTo).toBe(nodes.length)
    return nodes.map(({ version }: { version: number }) => version)
  }
  const { id: ada } = await t.db.prisma.person.findFirstOrThrow({ where: { name: 'Ada' } })
  expect(await versions('search: "shorter"')).toEqual([3])
  expect(await versions(`authorId: "${encodeGlobalId('Person', ada)}"`)).toEqual([3])
  expect(await versions('createdAt: { before: "2020-01-01T00:00:00Z" }')).toEqual([])
  expect(await versions('')).toEqual([3, 2, 1])
})

test('the difference of two versions is data: messages, parameters, tools and output', async () => {
  const tool = (name: string, description: string) => ({ name, description, inputSchema: { type: 'object' } })
  const first = {
    messages: [
      { role: 'SYSTEM', content: 'You sort tickets.' },
      { role: 'USER', content: 'An example' },
      { role: 'USER', content: 'Sort {{ticket}}' },
    ],
    parameters: { temperature: 1, topP: 0.5, providerOptions: { openai: { a: 1 } } },
    outputSchema: { type: 'string' },
    tools: [tool('lookup', 'Looks up.'), tool('old', 'Old.')],
  }
  const second = {
    messages: [
      { role: 'SYSTEM', content: 'You sort all tickets.' },
      { role: 'USER', content: 'Sort {{ticket}}' },
      { role: 'ASSISTANT', content: 'Label:' },
    ],
    parameters: { temperature: 0, topP: 0.5, providerOptions: { openai: { a: 2 } } },
    outputSchema: { type: 'number' },
    tools: [tool('lookup', 'Looks it up.'), tool('new', 'New.')],
    maxSteps: 2,
  }
  const { prompt } = await mutate('createPrompt', { name: 'differences', content: first })
  await mutate('updatePrompt', { id: prompt.id, content: second })
  const diff = `same before { version } after { version }
    messages { kind before { role content } after { role content } parts { kind text } }
    parameters { name before after } tools { kind name before { description } after { description } }
    output { kind before after parts { kind text } }`
  const { promptVersion, one } = await ask(`{
    promptVersion(name: "differences") { diff { ${diff} } }
    one: promptVersion(name: "differences", version: 1) { id diff { same } }
  }`)
  expect(one.diff).toBeNull()
  expect(promptVersion.diff).toMatchObject({
    ...{ same: false, before: { version: 1 }, after: { version: 2 } },
    messages: [
      {
        ...{ kind: 'CHANGED', before: first.messages[0], after: second.messages[0] },
        parts: [
          { kind: 'SAME', text: 'You sort ' },
          { kind: 'ADDED', text: 'all ' },
          { kind: 'SAME', text: 'tickets.' },
        ],
      },
      { kind: 'REMOVED', before: first.messages[1], after: null, parts: [{ kind: 'REMOVED', text: 'An example' }] },
      { kind: 'SAME', before: first.messages[2], after: second.messages[1], parts: [{ kind: 'SAME' }] },
      { kind: 'ADDED', before: null, after: second.messages[2], parts: [{ kind: 'ADDED', text: 'Label:' }] },
    ],
    parameters: [
      { name: 'temperature', before: 1, after: 0 },
      { name: 'providerOptions.openai', before: { a: 1 }, after: { a: 2 } },
      { name: 'maxSteps', before: 10, after: 2 },
    ],
    tools: [
      { kind: 'CHANGED', name: 'lookup', before: { description: 'Looks up.' }, after: { description: 'Looks it up.' } },
      { kind: 'ADDED', name: 'new', before: null, after: { description: 'New.' } },
      { kind: 'REMOVED', name: 'old', before: { description: 'Old.' }, after: null },
    ],
    output: { kind: 'CHANGED', before: { type: 'string' }, after: { type: 'number' } },
  })
  const same = await ask(
    `query($id: ID!) { promptVersion(name: "differences", version: 1) { diff(fromId: $id) { ${diff} } } }`,
    { id: one.id },
  )
  expect(same.promptVersion.diff).toMatchObject({ same: true, parameters: [], output: { kind: 'SAME' } })
})
