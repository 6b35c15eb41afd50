import { randomBytes } from 'node:crypto'
import { mkdtemp, readFile, rm, stat, unlink } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { openSecrets } from '../../../src/engine/secrets/open-secrets.ts'
import { SecretBox } from '../../../src/engine/secrets/secret-box.ts'
import { createTestEngine, type TestEngine } from '../../helpers/engine.ts'

let t: TestEngine
let directory: string
beforeAll(async () => {
  t = await createTestEngine()
  directory = await mkdtemp(join(tmpdir(), 'assay-secrets-'))
})
afterAll(async () => {
  await rm(directory, { recursive: true })
  await t[Symbol.asyncDispose]()
})
beforeEach(async () => {
  await t.db.pool.query('DELETE FROM secret_key')
  await t.db.pool.query('DELETE FROM provider')
})

const key = () => randomBytes(32).toString('base64')
const warnings: string[] = []
const log = { info: () => {}, warn: (message: unknown) => void warnings.push(String(message)) }
const open = (env: Record<string, string> = {}, ownFile: string | null = null) =>
  openSecrets({ db: t.db.pool, env, ownFile, log: log as never })

/** As if a key had been stored. */
const store = () =>
  t.db.prisma.provider.create({
    data: { projectId: t.scope.projectId, name: 'a', kind: 'OPENAI', sealedKey: new Uint8Array([1]) },
  })

it('has none without a key', async () => {
  expect(await open()).toBeNull()
})

it('takes the key of the environment or of a file, the same in every process', async () => {
  const text = key()
  const box = await open({ ASSAY_SECRET_KEY: text })
  const hex = Buffer.from(text, 'base64').toString('hex')
  expect((await open({ ASSAY_SECRET_KEY: `${hex}\n` }))?.fingerprint).toBe(box?.fingerprint)
})

it('names a key that is not the one of the stored secrets, and takes another one while there are none', async () => {
  const first = key()
  const box = await open({ ASSAY_SECRET_KEY: first })
  expect((await open({ ASSAY_SECRET_KEY: key() }))?.fingerprint).not.toBe(box?.fingerprint)
  const now = key()
  await open({ ASSAY_SECRET_KEY: now })
  await store()
  const other = key()
  const refused = open({ ASSAY_SECRET_KEY: other })
  await expect(refused).rejects.toThrow(/The key in ASSAY_SECRET_KEY is not the one .* start without a key/)
  await expect(refused).rejects.not.toThrow(other)
  expect(await open({ ASSAY_SECRET_KEY: now })).not.toBeNull()
})

it.each([
  ['too short', 'c2hvcnQ='],
  ['a passphrase', 'correct horse battery staple'],
  ['one character too many', `${randomBytes(32).toString('hex')}0`],
])('refuses a key that is %s, without repeating it', async (_what, text) => {
  const refused = open({ ASSAY_SECRET_KEY: text })
  await expect(refused).rejects.toThrow(/expected 32 bytes in base64 or hex, as "openssl rand -base64 32" makes them/)
  await expect(refused).rejects.not.toThrow(text)
})

it('makes one beside the embedded database, for its owner only, and keeps it', async () => {
  const file = join(directory, 'secret-key')
  const box = await open({}, file)
  expect((await stat(file)).mode & 0o777).toBe(0o600)
  expect((await open({}, file))?.fingerprint).toBe(box?.fingerprint)
  expect(Buffer.from(await readFile(file, 'utf8'), 'base64')).toHaveLength(32)

  await store()
  await unlink(file)
  expect(await open({}, file)).toBeNull()
  expect(warnings.at(-1)).toContain('is missing')
})

describe('a sealed secret', () => {
  const box = new SecretBox(randomBytes(32))
  const sealed = box.seal('sk-secret', 'provider 1')

  it('opens for its owner', () => {
    expect(box.open(sealed, 'provider 1')).toBe('sk-secret')
    expect(sealed.includes('sk-secret')).toBe(false)
  })

  it('is another one each time', () => {
    expect(box.seal('sk-secret', 'provider 1').equals(sealed)).toBe(false)
  })

  it.each([
    ['for another owner', () => box.open(sealed, 'provider 2')],
    ['with another key', () => new SecretBox(randomBytes(32)).open(sealed, 'provider 1')],
    [
      'when it was changed',
      () =>
        box.open(
          sealed.map((byte, n) => (n === sealed.length - 1 ? byte ^ 1 : byte)),
          'provider 1',
        ),
    ],
    ['when it was cut', () => box.open(sealed.subarray(0, 20), 'provider 1')],
  ])('does not open %s', (_what, opening) => {
    expect(opening).toThrow()
  })
})
