/** GSM8K as a gate from the command line: a worse model fails it, a better one passes. */
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type Gsm8kModel, gsm8k, readSolutions } from '../helpers/gsm8k.ts'
import { type ModelEndpoint, startModelEndpoint } from '../helpers/model-endpoint.ts'
import { startTestServer, type TestServer } from '../helpers/server.ts'
import { makeTemporary, spawnAssay } from '../helpers/spawn-assay.ts'

const gate = ['--gate', 'correct>=baseline-0.02', '--gate', 'failure-rate<=0']

describe.skipIf(!gsm8k.present)(`GSM8K as a gate (${gsm8k.note})`, () => {
  let t: TestServer
  let endpoint: ModelEndpoint

  beforeAll(async () => {
    const solutions = new Map(readSolutions().map((solution) => [solution.question, solution]))
    endpoint = await startModelEndpoint((model, question) => solutions.get(question)?.[model as Gsm8kModel].solution)
    t = await startTestServer({}, { open: true })
    await t.startWorker()
  })
  afterAll(async () => {
    await t[Symbol.asyncDispose]()
    await endpoint.close()
  })

  const experiment = (model: Gsm8kModel) => `
name: ${model}
dataset: { name: gsm8k, file: ${gsm8k.questions}, input: question, expected: answer }
task:
  http:
    url: ${endpoint.url}/${model}
    body: { question: '{{input}}' }
    outputPath: $.solution
evaluators:
  - name: correct
    dataType: BOOLEAN
    definition: { builtin: { numeric: { outputPattern: 'A:(.*)', expectedPattern: '####(.*)' } } }
settings: { concurrency: 40 }
`

  test('from 175b_verification to 6b_finetuning it exits with 100, the other way with 0', async () => {
    const cwd = await makeTemporary()
    const run = async (model: Gsm8kModel, ...args: string[]) => {
      await writeFile(join(cwd, `${model}.yaml`), experiment(model))
      const child = spawnAssay(['run', `${model}.yaml`, '--name', model, ...args, '--url', t.url], { cwd })
      const status = await child.exited
      return { status, stdout: child.stdout, stderr: child.stderr }
    }
    const good = await run('175b_verification')
    expect(good.status, good.stderr).toBe(0)
    const reports = ['--junit', 'assay.xml', '--markdown', 'assay.md']
    const worse = await run('6b_finetuning', '--baseline', '175b_verification', ...gate, ...reports)
    expect(worse.status, worse.stderr).toBe(100)
    expect(worse.stdout).toContain('✗ "correct" is worse than in the baseline (worse by 0.345716); the margin is 0.02.')
    expect(worse.stdout).toMatch(
      /correct is worse by 34\.6 points \(95 % interval −3\d\.\d to −3\d\.\d points\): 21\.7 % after 56\.3 %, 1,319 items/,
    )
    expect(await readFile(join(cwd, 'assay.xml'), 'utf8')).toContain('tests="3" failures="1"')
    expect(await readFile(join(cwd, 'assay.md'), 'utf8')).toMatch(
      /### ❌ Gate failed[\s\S]*<code>correct<\/code> is worse by 34\.6 points/,
    )

    const { status, stdout } = await new Promise<{ status: unknown; stdout: string }>((settle) => {
      const child = spawnAssay([
        'gate',
        '175b_verification',
        '--baseline',
        '6b_finetuning',
        ...gate,
        '--json',
        '--url',
        t.url,
      ])
      void child.exited.then((status) => settle({ status, stdout: child.stdout }))
    })
    expect(status).toBe(0)
    expect(JSON.parse(stdout)).toMatchObject({ passed: true, run: { gate: { status: 'PASSED' } } })
  }, 300_000)
})
