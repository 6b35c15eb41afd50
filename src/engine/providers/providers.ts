import * as z from 'zod'
import type { Prisma, Provider } from '../../db/generated/prisma/client.ts'
import { lockProviderForChange } from '../../db/sql/provider/lock-for-change.ts'
import { parseChanges } from '../../domain/changes.ts'
import { InvalidInputError, NotFoundError } from '../../domain/errors.ts'
import { encodeGlobalId } from '../../domain/global-id.ts'
import { type ModelAddress, needsKey, type ProviderKind, providerKinds } from '../../domain/model/provider.ts'
import { invalidInput, name, optional, parseInput } from '../../domain/parse-input.ts'
import { requireAdmin, requireInstallation, type Scope } from '../../domain/scope.ts'
import type { Services } from '../services.ts'
import { withUniqueName } from '../unique-name.ts'
import { isSendable, secretOwner, sendableKey } from './open-provider.ts'

/** A key is given as itself, to be stored encrypted, or by the environment variable of the worker that has it. */
interface KeyInput {
  apiKey?: string | null
  apiKeyVariable?: string | null
}

export interface CreateProviderInput extends Partial<Omit<ModelAddress, 'provider'>>, KeyInput {
  /** Unique in the project; it cannot be changed. */
  name: string
  kind: ProviderKind
}

/** Undefined leaves a member as it is; null clears it. */
export type UpdateProviderInput = Partial<Omit<CreateProviderInput, 'name' | 'provider'>> & { id: string }

const host = z.string().regex(/^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/i, 'expected letters, digits and hyphens')

const addressSchema = z.strictObject({
  kind: z.enum(providerKinds),
  baseUrl: optional(z.string().max(500), null),
  region: optional(host, null),
  resourceName: optional(host, null),
  apiVersion: optional(z.string().regex(/^[\w.-]{1,50}$/, 'expected a version such as 2024-10-21'), null),
  accessKeyId: optional(z.string().regex(/^\w{16,128}$/, 'expected the id of an access key'), null),
})

/**
 * Creates a provider. A key that is stored is never shown again.
 * @throws {InvalidInputError} an invalid name, address or key, or a key that cannot be stored
 * @throws {ConflictError} the name is taken
 */
export async function createProvider(services: Services, scope: Scope, input: CreateProviderInput): Promise<Provider> {
  requireAdmin(scope)
  const { apiKey, apiKeyVariable, name: given, ...rest } = input
  const providerName = parseProviderName(given)
  const address = parseAddress(rest)
  const key = parseKey({ apiKey, apiKeyVariable })
  if (key === null) requireKey(address.kind)
  if (key && 'variable' in key) requireTrust(scope, address)
  return withUniqueName('provider', providerName, () =>
    services.db.prisma.$transaction(async (tx) => {
      const data = { ...address, name: providerName, projectId: scope.projectId }
      const created = await tx.provider.create({ data })
      if (key === null) return created
      // Sealed for its id, which it has only now.
      return tx.provider.update({ where: { id: created.id }, data: stored(services, created.id, key) })
    }),
  )
}

/**
 * Changes the given members. A stored key goes nowhere else: with another address it has to be given again.
 * @throws as {@link createProvider}
 * @throws {NotFoundError}
 */
export async function updateProvider(services: Services, scope: Scope, input: UpdateProviderInput): Promise<Provider> {
  requireAdmin(scope)
  const { id, apiKey, apiKeyVariable, ...changes } = parseChanges(input, clearable)
  const key = parseKey({ apiKey, apiKeyVariable })
  return services.db.prisma.$transaction(async (tx) => {
    const current = await lockedProvider(tx, scope, id)
    const address = parseAddress({ ...addressOf(current), ...defined(changes) })
    const moved = Object.entries(defined(changes)).find(
      ([member, value]) => value !== current[member as keyof Provider],
    )
    if (moved && key === null && apiKey !== null && current.sealedKey) {
      const [member] = moved
      throw new InvalidInputError(
        `Expected apiKey with another ${member}: a stored key is sent to no other address than the one that it was given for.`,
        ['apiKey'],
      )
    }
    const removed = key === null && (apiKey === null || apiKeyVariable === null)
    if (removed) requireKey(address.kind)
    if (key ? 'variable' in key : current.keyVariable !== null && !removed) requireTrust(scope, address)
    const keyData = key ? stored(services, id, key) : removed ? noKey : {}
    return tx.provider.update({ where: { id }, data: { ...address, ...keyData } })
  })
}

const clearable = [
  'baseUrl',
  'region',
  'resourceName',
  'apiVersion',
  'accessKeyId',
  'apiKey',
  'apiKeyVariable',
] as const

/** Deletes a provider with its key and prices. Runs that call it stop. @throws {NotFoundError} */
export async function deleteProvider(services: Services, scope: Scope, id: string): Promise<void> {
  requireAdmin(scope)
  const { count } = await services.db.prisma.provider.deleteMany({
    where: { id, projectId: scope.projectId },
  })
  if (count === 0) throw notFound(id)
}

async function lockedProvider(tx: Prisma.TransactionClient, { projectId }: Scope, id: string): Promise<Provider> {
  await lockProviderForChange(tx, projectId, id)
  const found = await tx.provider.findFirst({ where: { id, projectId } })
  if (!found) throw notFound(id)
  return found
}

function notFound(id: string): NotFoundError {
  return new NotFoundError(`There is no provider ${encodeGlobalId('Provider', id)} in this project.`, ['id'])
}

/** It is part of the names of limits, between a colon and a slash. */
function parseProviderName(given: unknown): string {
  const parsed = parseInput(name, given, ['name'])
  if (parsed.includes('/')) throw invalidInput(['name'], 'expected a name without "/"', parsed)
  return parsed
}

function addressOf({ kind, baseUrl, region, resourceName, apiVersion, accessKeyId }: Provider) {
  return { kind, baseUrl, region, resourceName, apiVersion, accessKeyId }
}

/** Which members an address may have besides `baseUrl`, by provider. */
const members: Partial<Record<ProviderKind, (keyof ModelAddress)[]>> = {
  AZURE: ['resourceName', 'apiVersion'],
  BEDROCK: ['region', 'accessKeyId'],
}

function parseAddress(input: object): ModelAddress {
  const address = parseInput(addressSchema, input, [])
  const { kind, baseUrl, region, resourceName } = address
  for (const member of ['region', 'resourceName', 'apiVersion', 'accessKeyId'] as const) {
    if (address[member] !== null && !members[kind]?.includes(member))
      throw invalidInput([member], `expected none with the provider ${kind}`, address[member])
  }
  if (kind === 'OPENAI_COMPATIBLE' && baseUrl === null)
    throw invalidInput(['baseUrl'], 'expected the base URL of the server, such as http://127.0.0.1:8000/v1', null)
  if (kind === 'AZURE' && (baseUrl === null) === (resourceName === null))
    throw invalidInput(
      ['resourceName'],
      'expected either resourceName or baseUrl with the provider AZURE',
      resourceName,
    )
  if (kind === 'BEDROCK' && region === null)
    throw invalidInput(['region'], 'expected a region such as eu-central-1 with the provider BEDROCK', null)
  return { ...address, baseUrl: baseUrl === null ? null : parseBaseUrl(baseUrl) }
}

function parseBaseUrl(text: string): string {
  const refuse = (expected: string, got: unknown = text) => invalidInput(['baseUrl'], expected, got)
  const url = URL.parse(text)
  if (!url || !/^https?:$/.test(url.protocol))
    throw refuse('expected an http or https URL such as http://127.0.0.1:8000/v1')
  if (url.username || url.password) {
    url.username = ''
    url.password = ''
    throw refuse('expected no user or password in the URL: give the key as apiKey or apiKeyVariable', url.href)
  }
  if (url.search || url.hash) throw refuse('expected no query in the base URL', `${url.origin}${url.pathname}?…`)
  return url.href.replace(/\/+$/, '')
}

type Key = { apiKey: string } | { variable: string }

/**
 * Variables that hold keys of providers. A provider decides where the value is sent, so it must not be able to name
 * any other: the URL of the database, or the key of the stored keys.
 */
const keyVariable =
  /^([A-Z][A-Z0-9_]*_API_KEY|ASSAY_PROVIDER_[A-Z0-9_]+|AWS_BEARER_TOKEN_BEDROCK|AWS_SECRET_ACCESS_KEY)$/

function parseKey({ apiKey, apiKeyVariable }: KeyInput): Key | null {
  if (apiKey != null && apiKeyVariable != null)
    throw new InvalidInputError('Expected either apiKey or apiKeyVariable, got both.', ['apiKeyVariable'])
  if (apiKeyVariable != null) {
    if (keyVariable.test(apiKeyVariable)) return { variable: apiKeyVariable }
    // Never quoted: it may be a key in the wrong place.
    throw new InvalidInputError(
      'apiKeyVariable: expected the name of a variable that ends with _API_KEY or begins with ASSAY_PROVIDER_, such as OPENAI_API_KEY, got something else.',
      ['apiKeyVariable'],
    )
  }
  if (apiKey == null) return null
  const key = apiKey.trim()
  if (isSendable(key)) return { apiKey: key }
  // Never quoted.
  const got = key.length < 8 ? `${key.length} characters` : 'one with spaces, other characters or too many of them'
  throw new InvalidInputError(`Expected a key of ${sendableKey}, got ${got}.`, ['apiKey'])
}

function requireKey(kind: ProviderKind): void {
  if (!needsKey(kind)) return
  throw new InvalidInputError(
    `Expected apiKey, or apiKeyVariable with the name of an environment variable that has it: ${kind} cannot be called without a key.`,
    ['apiKey'],
  )
}

/**
 * The variables of a process are those of whoever runs it: an ADMIN of one project does not send them to an address of
 * their choice.
 */
function requireTrust(scope: Scope, { baseUrl }: ModelAddress): void {
  if (baseUrl !== null) requireInstallation(scope)
}

const noKey = { sealedKey: null, keyVariable: null, keySetAt: null }

function stored({ secrets }: Services, id: string, key: Key) {
  if ('variable' in key) return { ...noKey, keyVariable: key.variable }
  if (!secrets) {
    throw new InvalidInputError(
      'This server has no key to encrypt a stored key with. Start every process with the same ASSAY_SECRET_KEY (openssl rand -base64 32), or give the name of an environment variable as apiKeyVariable.',
      ['apiKey'],
    )
  }
  const sealedKey = new Uint8Array(secrets.seal(key.apiKey, secretOwner(id)))
  return { ...noKey, sealedKey, keySetAt: new Date() }
}

function defined<T extends object>(input: T): Partial<T> {
  return Object.fromEntries(Object.entries(input).filter(([, value]) => value !== undefined)) as Partial<T>
}
