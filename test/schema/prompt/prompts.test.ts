import { afterAll, describe, expect, test } from 'vitest'
import { encodeGlobalId } from '../../../schema/relay/global-id.ts'
import { deletePrompt } from '../../../src/engine/prompts/prompts.ts'
import { seedDataset, seedExperiment } from '../../helpers/engine.ts'
import { recordRun } from '../../helpers/recorded-runs.ts'
import { startPromptServer, user } from './prompt-server.ts'

const { t, ask, mutate, promptOf } = await startPromptServer()
afterAll(() => t[Symbol.asyncDispose]())

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
