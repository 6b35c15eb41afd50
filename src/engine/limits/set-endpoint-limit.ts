import * as z from 'zod'
import type { EndpointLimit } from '../../db/generated/prisma/client.ts'
import { channels, notify } from '../../db/listener.ts'
import { NotFoundError } from '../../domain/errors.ts'
import { invalidInput, optional, parseInput } from '../../domain/parse-input.ts'
import { requireWrite, type Scope } from '../../domain/scope.ts'
import type { Services } from '../services.ts'

interface SetEndpointLimitInput {
  /**
   * A URL, of which only the origin is used, `module:<name>`, `evaluator:<name>`, `client:<name>` or
   * `provider:<provider>/<model>`.
   */
  endpoint: string
  /** Calls at once: 1–100,000. Null and undefined mean no limit, here and below. */
  concurrency?: number | null
  /** 1–10,000,000. */
  requestsPerMinute?: number | null
  /** Input and output tokens: 1–1,000,000,000. */
  tokensPerMinute?: number | null
}

const schema = z.strictObject({
  endpoint: z.string().max(500),
  concurrency: optional(z.int().min(1).max(100_000), null),
  requestsPerMinute: optional(z.int().min(1).max(10_000_000), null),
  tokensPerMinute: optional(z.int().min(1).max(1_000_000_000), null),
})

/**
 * Sets the limits of an endpoint for all processes together, replacing earlier ones. Takes effect within seconds, also
 * for runs that are executing.
 * @throws {InvalidInputError} an invalid endpoint, a limit out of range, or no limit at all
 */
export async function setEndpointLimit(
  services: Services,
  scope: Scope,
  input: SetEndpointLimitInput,
): Promise<EndpointLimit> {
  requireWrite(scope)
  const { endpoint: endpointText, ...limits } = parseInput(schema, input, [])
  const endpoint = parseEndpoint(endpointText)
  if (Object.values(limits).every((limit) => limit === null)) {
    const expected = 'expected at least one of concurrency, requestsPerMinute and tokensPerMinute'
    throw invalidInput(['concurrency'], `${expected} (delete the limit to have none)`, null)
  }
  const { projectId } = scope
  const limit = await services.db.prisma.endpointLimit.upsert({
    where: { projectId_endpoint: { projectId, endpoint } },
    create: { projectId, endpoint, ...limits },
    update: limits,
  })
  await notify(services.db.pool, channels.endpoint)
  return limit
}

/** Removes the limit. @throws {NotFoundError} */
export async function deleteEndpointLimit(services: Services, scope: Scope, id: string): Promise<void> {
  requireWrite(scope)
  const { count } = await services.db.prisma.endpointLimit.deleteMany({ where: { id, projectId: scope.projectId } })
  if (count === 0) throw new NotFoundError('There is no such endpoint limit in this project.', ['id'])
  await notify(services.db.pool, channels.endpoint)
}

function parseEndpoint(text: string): string {
  const url = /^https?:/i.test(text) ? URL.parse(text) : null
  if (url) return url.origin
  if (/^(module|evaluator|client):\S/.test(text) || /^provider:[^/\s][^/]*\/\S/.test(text)) return text
  const expected =
    'expected a URL such as https://api.example.com, module:<name>, evaluator:<name>, client:<name> or provider:<provider>/<model>'
  throw invalidInput(['endpoint'], expected, text)
}
