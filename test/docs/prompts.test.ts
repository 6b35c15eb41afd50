/** Follows docs/prompts.md literally. */
import { afterAll, beforeAll, expect, test } from 'vitest'
import { encodeGlobalId } from '../../src/domain/global-id.ts'
import { blocksOf } from '../helpers/documented.ts'
import { seedDataset } from '../helpers/engine.ts'
import { type ModelServer, startModelServer } from '../helpers/model-server/model-server.ts'
import { seedProvider } from '../helpers/prompt-task.ts'
import { startTestServer, type TestServer } from '../helpers/server.ts'

let t: TestServer
let server: ModelServer
beforeAll(async () => {
  t = await startTestServer({}, { open: true })
  server = await startModelServer(() => ({ text: 'hardware' }))
  await seedProvider(t, server.openai, { name: 'openai' })
  await t.startWorker()
})
afterAll(async () => {
  await t[Symbol.asyncDispose]()
  await server.stop()
})

test('the operations on the page work, in their order', async () => {
  // biome-ignore lint/suspicious/noExplicitAny: the page says what comes
  const answers: Record<string, any> = {}
  const datasetId = encodeGlobalId('Dataset', await seedDataset(t, [{ ticket: { text: 'It smokes' } }]))
  for (const operation of blocksOf('docs/prompts.md', 'graphql')) {
    const [, , name = ''] = /^(mutation|query) (\w+)/.exec(operation) ?? []
    const { data, errors } = await t.query(
      operation
        .replaceAll('<id of the prompt>', answers.Create?.createPrompt.prompt.id)
        .replaceAll('<id of the dataset>', datasetId)
        .replaceAll('<id of the run>', answers.Experiment?.createExperiment.run.id),
    )
    expect(errors, name).toBeUndefined()
    answers[name] = data
  }
  expect(answers).toMatchObject({
    Create: { createPrompt: { prompt: { version: 1 } } },
    Update: { updatePrompt: { prompt: { version: 2 } } },
    History: {
      prompt: {
        versions: {
          nodes: [
            { version: 2, message: 'One word, and the product if there is one', labels: [], runs: { nodes: [] } },
            { version: 1, labels: ['production'] },
          ],
        },
        newest: {
          diff: {
            messages: [
              { kind: 'CHANGED', parts: [{ kind: 'SAME' }, { kind: 'ADDED', text: ' Answer with one word.' }] },
              { kind: 'CHANGED' },
            ],
            parameters: [{ name: 'maxOutputTokens', before: null, after: 5 }],
          },
        },
      },
    },
    Promote: { setPromptLabel: { prompt: { labels: [{ name: 'production', version: 2 }] } } },
    InProduction: { promptVersion: { version: 2, variables: ['ticket.text', 'ticket.product'] } },
    Preview: {
      previewPrompt: {
        messages: [{ role: 'SYSTEM' }, { role: 'USER', parts: [{ text: 'It smokes (about printer)' }] }],
        error: null,
      },
    },
    PreviewOfNothing: {
      previewPrompt: { error: { code: 'VARIABLE_MISSING', message: expect.stringContaining('{{ticket.text}}') } },
    },
    PreviewWithCall: { previewPrompt: { answer: { output: 'hardware', latencyMs: expect.any(Number) }, error: null } },
    Pinned: {
      run: {
        task: {
          prompt: {
            ...{ name: 'tickets/classify', label: 'production', version: 2 },
            content: { messages: [{ content: expect.stringContaining('Answer with one word.') }, {}] },
            promptVersion: { message: 'One word, and the product if there is one' },
          },
        },
      },
      prompt: { runs: { nodes: [{}] }, experiments: { nodes: [{ name: 'classify in production' }] } },
    },
    WithTools: {
      createPrompt: {
        prompt: {
          newest: {
            content: {
              maxSteps: 5,
              tools: [
                { name: 'lookup_order', function: { __typename: 'HttpTask' } },
                { name: 'hand_over', function: null },
              ],
            },
          },
        },
      },
    },
  })
})
