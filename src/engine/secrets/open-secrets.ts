/**
 * The key that stored secrets are encrypted with. It is given to every process of an installation; with the embedded
 * PostgreSQL it is made at the first start, beside the database. The database keeps its fingerprint, so that a wrong key
 * is noticed at the start and not when the first secret cannot be opened.
 */
import { randomBytes } from 'node:crypto'
import { readFile, writeFile } from 'node:fs/promises'
import type { Logger } from 'pino'
import type { Queryable } from '../../db/client.ts'
import { claimFingerprint, findFingerprint, hasStoredSecrets } from '../../db/sql/secret/secret-key.ts'
import { codeOf, messageOf } from '../../domain/errors.ts'
import { SecretBox } from './secret-box.ts'

/** The key cannot be used; the message says what to do. */
export class SecretKeyError extends Error {
  constructor(message: string) {
    super(message)
    this.name = 'SecretKeyError'
  }
}

interface SecretsOptions {
  db: Queryable
  /** `ASSAY_SECRET_KEY`, or `ASSAY_SECRET_KEY_FILE` with the path of a file that has it. */
  env: Readonly<Record<string, string | undefined>>
  /** The file of the embedded PostgreSQL's key, made if need be; null with another database. */
  ownFile: string | null
  log: Pick<Logger, 'info' | 'warn'>
}

/** Null without a key: then nothing secret can be stored. @throws {SecretKeyError} */
export async function openSecrets(options: SecretsOptions): Promise<SecretBox | null> {
  const { db } = options
  const key = (await givenKey(options)) ?? (await makeKey(options))
  if (!key) return null
  const box = new SecretBox(key.bytes)
  const former = await findFingerprint(db)
  if (former === box.fingerprint) return box
  if (former === null || !(await hasStoredSecrets(db))) {
    const holds = await claimFingerprint(db, box.fingerprint, former)
    if (holds === box.fingerprint) return box
  }
  throw wrongKey(key, box, former)
}

/**
 * Whether the secrets that are stored can be opened, without changing anything.
 * @returns a sentence for people
 * @throws {SecretKeyError} they cannot, with what to do
 */
export async function checkSecretKey({ db, env, ownFile }: Omit<SecretsOptions, 'log'>): Promise<string> {
  const key = await givenKey({ env, ownFile })
  if (!(await hasStoredSecrets(db))) return key ? 'No key of a provider is stored.' : 'None is needed yet.'
  const former = await findFingerprint(db)
  if (!key) {
    const where = ownFile ?? 'ASSAY_SECRET_KEY or ASSAY_SECRET_KEY_FILE'
    throw new SecretKeyError(
      `Keys of providers are stored, but the key that opens them (fingerprint ${former}) is not in ${where}: put it there, or set the keys of the providers again.`,
    )
  }
  const box = new SecretBox(key.bytes)
  if (box.fingerprint !== former) throw wrongKey(key, box, former)
  return `The key in ${key.where} opens the stored keys of providers.`
}

function wrongKey({ where }: GivenKey, box: SecretBox, former: string | null): SecretKeyError {
  return new SecretKeyError(
    `The key in ${where} is not the one that the stored keys of this database are encrypted with (its fingerprint is ${box.fingerprint}, expected ${former}). Give every process the former key. If it is lost: start without a key, replace the stored keys of all providers by environment variables or delete these providers, then start with the new key.`,
  )
}

interface GivenKey {
  bytes: Buffer
  where: string
}

async function givenKey({ env, ownFile }: Pick<SecretsOptions, 'env' | 'ownFile'>): Promise<GivenKey | null> {
  const { ASSAY_SECRET_KEY: text, ASSAY_SECRET_KEY_FILE: file } = env
  if (text) return parseKey(text, 'ASSAY_SECRET_KEY')
  if (file) {
    const content = await readFile(file, 'utf8').catch((error: unknown) => {
      throw new SecretKeyError(`ASSAY_SECRET_KEY_FILE: cannot read ${file}: ${messageOf(error)}.`)
    })
    return parseKey(content, file)
  }
  if (ownFile === null) return null
  const found = await readFile(ownFile, 'utf8').catch((error: unknown) => {
    if (codeOf(error) === 'ENOENT') return null
    throw new SecretKeyError(`Cannot read the key of stored secrets in ${ownFile}: ${messageOf(error)}.`)
  })
  return found === null ? null : parseKey(found, ownFile)
}

/** For the embedded PostgreSQL, which no other process uses. */
async function makeKey({ ownFile, db, log }: SecretsOptions): Promise<GivenKey | null> {
  if (ownFile === null) return null
  if (await hasStoredSecrets(db)) {
    log.warn(
      `${ownFile} is missing: the stored keys of providers cannot be used until it is back, or they are set again.`,
    )
    return null
  }
  const made = randomBytes(32).toString('base64')
  try {
    await writeFile(ownFile, `${made}\n`, { mode: 0o600, flag: 'wx' })
  } catch (error) {
    throw new SecretKeyError(`Cannot write the key of stored secrets to ${ownFile}: ${messageOf(error)}.`)
  }
  log.info(`Made the key of stored secrets: keep a copy of ${ownFile} apart from backups of the database.`)
  return parseKey(made, ownFile)
}

function parseKey(text: string, where: string): GivenKey {
  const trimmed = text.trim()
  const bytes = Buffer.from(trimmed, /^[0-9a-f]{64}$/i.test(trimmed) ? 'hex' : 'base64')
  if (bytes.length === 32 && /^[0-9a-z+/=_-]+$/i.test(trimmed)) return { bytes, where }
  // Never quoted: it may be a key with one character too many.
  throw new SecretKeyError(
    `${where}: expected 32 bytes in base64 or hex, as "openssl rand -base64 32" makes them, got ${bytes.length} bytes.`,
  )
}
