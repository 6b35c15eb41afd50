import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { encodeGlobalId } from '../../../schema/relay/global-id.ts'
import { createApiKey } from '../../../src/engine/projects/api-keys.ts'
import { createPrompt, deletePrompt, updatePrompt } from '../../../src/engine/prompts/prompts.ts'
import { seedDataset, seedExperiment } from '../../helpers/engine.ts'
import { recordRun } from '../../helpers/recorded-runs.ts'
import { startTestServer, type TestServer } from '../../helpers/server.ts'

let t: TestServer
let headers: Record<string, string>

beforeAll(async () => {
  t = await startTestServer()
  const { key } = await createApiKey(t.db, t.scope, { name: 'Ada', role: 'WRITE' })
  headers = { authorization: `Bearer ${key}` }
})
afterAll(() => t[Symbol.asyncDispose]())

const ask = async (document: string, variables: object = {}) => {
  const { data, errors } = await t.query(document, variables, headers)
  if (errors) throw new Error(JSON.stringify(errors))
  return data
}

const mutate = async (name: string, input: object, selection = '') => {
  const type = `${name.charAt(0).toUpperCase()}${name.slice(1)}`
  const document = `mutation($input: ${type}Input!) { ${name}(input: $input) {
    __typename ... on ${type}Payload { prompt { id version ${selection} } } ... on UserError { message path code }
  } }`
  return (await ask(document, { input }))[name]
}

const user = (content: string) => ({ messages: [{ role: 'USER', content }] })

/** Creates a prompt of as many versions as there are texts; returns its global id. */
async function promptOf(name: string, ...texts: string[]): Promise<string> {
  const [first = '', ...more] = texts
  const { id } = await createPrompt(t.services, t.scope, { name, content: user(first) })
  for (const text of more) await updatePrompt(t.services, t.scope, { id, content: user(text) })
  return encodeGlobalId('Prompt', id)
}

const content = `content {
  messages { role content }
  parameters {
    temperature maxOutputTokens topP topK presencePenalty frequencyPenalty stopSequences seed reasoningEffort providerOptions
  }
  outputSchema
  tools { name description inputSchema function {
    __typename ... on ModuleTool { name } ... on HttpTask { url method headers body outputPath }
  } }
  maxSteps
}`

test('everything that is given can be read back', async () => {
  const given = {
    messages: [
      { role: 'SYSTEM', content: 'You sort <tickets> & "more".' },
      { role: 'USER', content: 'Printer is on fire' },
      { role: 'ASSISTANT', content: 'hardware' },
      { role: 'USER', content: '{{ticket.text}} ({{metadata.lang}})' },
    ],
    parameters: {
      ...{ temperature: 0, maxOutputTokens: 100, topP: 0.5, topK: 3, presencePenalty: -2, frequencyPenalty: 0.25 },
      ...{
        stopSequences: ['END'],
        seed: 5_000_000_000,
        reasoningEffort: 'low',
        providerOptions: { openai: { user: 'x' } },
      },
    },
    outputSchema: { type: 'object', properties: { label: { type: 'string' } } },
    tools: [
      { name: 'lookup', description: 'Looks up.', inputSchema: { type: 'object' }, function: { module: 'lookup' } },
      {
        name: 'search',
        inputSchema: { type: 'object' },
        function: { http: { url: 'http://127.0.0.1:1/s', headers: { authorization: 'Bearer s3cret', 'x-mode': 'a' } } },
      },
      { name: 'done', inputSchema: { type: 'object' } },
    ],
    maxSteps: 4,
  }
  const rest = {
    name: 'tickets/sort',
    description: 'Sorts',
    metadata: { team: 'a' },
    message: 'First',
    labels: ['production'],
  }
  const selection = `name description metadata createdAt archivedAt labels { name version movedBy { name } movedAt }
    newest { version message author { name } labels variables ${content} prompt { name } }`
  const created = await mutate('createPrompt', { ...rest, content: given }, selection)
  const http = { url: 'http://127.0.0.1:1/s', method: 'POST', body: null, outputPath: null }
  expect(created).toMatchObject({
    __typename: 'CreatePromptPayload',
    prompt: {
      ...{ name: 'tickets/sort', description: 'Sorts', metadata: { team: 'a' }, version: 1, archivedAt: null },
      labels: [{ name: 'production', version: 1, movedBy: { name: 'Ada' } }],
      newest: {
        ...{
          version: 1,
          message: 'First',
          author: { name: 'Ada' },
          labels: ['production'],
          prompt: { name: rest.name },
        },
        variables: ['ticket.text', 'metadata.lang'],
        content: {
          messages: given.messages,
          parameters: given.parameters,
          outputSchema: given.outputSchema,
          tools: [
            { ...given.tools[0], function: { __typename: 'ModuleTool', name: 'lookup' } },
            {
              ...{ name: 'search', description: null, inputSchema: { type: 'object' } },
              function: { __typename: 'HttpTask', ...http, headers: { authorization: '********', 'x-mode': 'a' } },
            },
            { name: 'done', description: null, inputSchema: { type: 'object' }, function: null },
          ],
          maxSteps: 4,
        },
      },
    },
  })
})

test('a mask that is sent back in place of a credential is refused', async () => {
  const http = { url: 'http://127.0.0.1:1/', headers: { authorization: '********' } }
  const tools = [{ name: 'search', inputSchema: { type: 'object' }, function: { http } }]
  expect(await mutate('createPrompt', { name: 'masked', content: { ...user('x'), tools } })).toMatchObject({
    __typename: 'InvalidInputError',
    path: ['input', 'content', 'tools', '0', 'function', 'http', 'headers', 'authorization'],
  })
})

describe('an update', () => {
  test('with another content is a new version, with the same content none', async () => {
    const id = await promptOf('versions', 'one {{x}}')
    const change = (input: object) =>
      mutate(
        'updatePrompt',
        { id, ...input },
        'name newest { message } versions { totalCount nodes { version message author { name } content { messages { content } } } }',
      )
    expect(await change({ description: 'D' })).toMatchObject({ prompt: { version: 1 } })
    expect(await change({ content: user('one {{x}}') })).toMatchObject({ prompt: { version: 1 } })
    expect(await change({ content: user('two {{x}}'), message: 'Shorter', name: 'versions 2' })).toMatchObject({
      prompt: {
        name: 'versions 2',
        version: 2,
        newest: { message: 'Shorter' },
        versions: {
          totalCount: 2,
          nodes: [
            { version: 2, message: 'Shorter', author: { name: 'Ada' }, content: user('two {{x}}') },
            { version: 1, message: null, content: user('one {{x}}') },
          ].map(({ content: { messages }, ...version }) => ({
            ...version,
            content: { messages: messages.map(({ content }) => ({ content })) },
          })),
        },
      },
    })
  })

  test('of a message without a new version is refused, so that it is not lost', async () => {
    const id = await promptOf('messages', 'one')
    expect(await mutate('updatePrompt', { id, message: 'About what?' })).toMatchObject({
      __typename: 'InvalidInputError',
      path: ['input', 'message'],
      message: 'message: expected a content that differs from version 1, which the message is about, got none.',
    })
    expect(await mutate('updatePrompt', { id, content: user('one'), message: 'x' })).toMatchObject({
      message: expect.stringContaining('got the same.'),
    })
  })

  test('after somebody else has saved is refused by ifVersion', async () => {
    const id = await promptOf('races', 'one', 'two')
    expect(await mutate('updatePrompt', { id, content: user('three'), ifVersion: 1 })).toMatchObject({
      __typename: 'ConflictError',
      path: ['input', 'ifVersion'],
      message: 'Prompt "races" is at version 2, not 1. Look at what changed, then save again.',
    })
    expect(await mutate('updatePrompt', { id, content: user('three'), ifVersion: 2 })).toMatchObject({
      prompt: { version: 3 },
    })
  })

  test('several at once are as many versions, in some order', async () => {
    const id = await promptOf('crowd', 'start')
    const numbers = Array.from({ length: 8 }, (_, n) => n)
    const saved = await Promise.all(
      numbers.map((n) => mutate('updatePrompt', { id, content: user(`text ${n}`), labels: ['newest'] })),
    )
    expect(saved.map(({ prompt }) => prompt.version).sort((a, b) => a - b)).toEqual(numbers.map((n) => n + 2))
    const { prompt } = await ask(`{ prompt(name: "crowd") { version labels { name version } } }`)
    expect(prompt).toEqual({ version: 9, labels: [{ name: 'newest', version: 9 }] })
  })

  test.each<[string, object, string[]]>([
    ['a name that is taken', { name: 'taken' }, ['input', 'name']],
    ['a template', { content: user('{{x') }, ['input', 'content', 'messages', '0', 'content']],
    ['a label', { labels: ['ok', 'latest'] }, ['input', 'labels', '1']],
  ])('%s that is refused changes nothing', async (what, change, path) => {
    if (what.includes('taken')) await promptOf('taken', 'x')
    const id = await promptOf(`refused ${what}`, 'one')
    const refused = await mutate('updatePrompt', { id, description: 'new', content: user('two'), ...change })
    expect(refused).toMatchObject({ __typename: expect.stringMatching(/^(InvalidInput|Conflict)Error$/), path })
    const { node } = await ask(`query($id: ID!) { node(id: $id) { ... on Prompt { version description } } }`, { id })
    expect(node).toEqual({ version: 1, description: null })
  })
})

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

test('an archived prompt is left out of lists and does not change until it is restored', async () => {
  const id = await promptOf('shelved', 'one', 'two')
  const listed = async () =>
    (await ask('{ prompts(filter: { search: "shelved" }) { nodes { name } } }')).prompts.nodes.length
  expect(await mutate('archivePrompt', { id }, 'archivedAt')).toMatchObject({
    prompt: { archivedAt: expect.any(String) },
  })
  expect(await listed()).toBe(0)
  expect(await ask('{ prompt(name: "shelved") { version } }')).toEqual({ prompt: { version: 2 } })
  const refused = { __typename: 'ConflictError', message: 'Prompt "shelved" is archived. Restore it first.' }
  expect(await mutate('updatePrompt', { id, content: user('three') })).toMatchObject(refused)
  expect(await mutate('setPromptLabel', { promptId: id, label: 'x', version: 1 })).toMatchObject(refused)
  expect(await mutate('restorePrompt', { id }, 'archivedAt')).toMatchObject({ prompt: { archivedAt: null } })
  expect(await listed()).toBe(1)
})

describe('the runs and experiments of a prompt', () => {
  test('are those that used it, by version too, and they survive it', async () => {
    const id = await promptOf('in use', 'one', 'two')
    const raw = await t.db.prisma.prompt.findFirstOrThrow({ where: { name: 'in use' }, include: { versions: true } })
    const datasetId = await seedDataset(t, [1])
    const experimentId = await seedExperiment(t, datasetId, { kind: 'module', name: 'any' })
    await t.db.prisma.experiment.update({ where: { id: experimentId }, data: { promptId: raw.id } })
    const versionOf = (n: number) => raw.versions.find(({ version }) => version === n)?.id
    for (const n of [1, 2, 2]) {
      const runId = await recordRun(t, datasetId, [{ item: 0 }])
      await t.db.prisma.run.update({
        where: { id: runId },
        data: { name: `run of ${n}`, promptVersionId: versionOf(n) },
      })
    }
    const document = `query($id: ID!) { node(id: $id) { ... on Prompt {
      experiments { nodes { id } countUpTo }
      runs(orderBy: { field: NAME, direction: ASC }) { nodes { name } countUpTo }
      versions { nodes { version runs(filter: { status: [COMPLETED] }) { nodes { name } countUpTo } } }
    } } }`
    expect((await ask(document, { id })).node).toEqual({
      experiments: { nodes: [{ id: encodeGlobalId('Experiment', experimentId) }], countUpTo: 1 },
      runs: { nodes: [{ name: 'run of 1' }, { name: 'run of 2' }, { name: 'run of 2' }], countUpTo: 3 },
      versions: {
        nodes: [
          { version: 2, runs: { nodes: [{ name: 'run of 2' }, { name: 'run of 2' }], countUpTo: 2 } },
          { version: 1, runs: { nodes: [{ name: 'run of 1' }], countUpTo: 1 } },
        ],
      },
    })
    await expect(deletePrompt(t.services, t.scope, raw.id)).rejects.toThrow(
      /^Prompt "in use" is used by experiment ".*"\. Archive it, or give them another prompt first\.$/,
    )
    await t.db.prisma.experiment.update({ where: { id: experimentId }, data: { promptId: null } })
    await deletePrompt(t.services, t.scope, raw.id)
    expect(await t.db.prisma.run.count({ where: { name: { startsWith: 'run of' }, promptVersionId: null } })).toBe(3)
    expect(await ask('{ prompt(name: "in use") { id } }')).toEqual({ prompt: null })
  })
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
