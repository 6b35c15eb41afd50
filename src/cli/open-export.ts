import { Readable } from 'node:stream'
import type { ReadableStream as WebStream } from 'node:stream/web'
import { CliError } from './cli-error.ts'
import { explainRefusal, type GraphQLClient, notAssay, requestHeaders, unreachable } from './graphql-client.ts'

/** The rows of an export, as they come. @throws {CliError} when the server is unreachable or refuses */
export async function openExport({ url }: GraphQLClient, path: string, project: string | undefined): Promise<Readable> {
  const response = await fetch(`${url}/export/${path}`, { headers: requestHeaders(project) }).catch(
    (error: unknown) => {
      throw unreachable(url, error)
    },
  )
  if (response.ok && response.body) return Readable.fromWeb(response.body as WebStream)
  const answer = (await response.json().catch(() => null)) as { errors?: { message: string }[] } | null
  const message = answer?.errors?.[0]?.message
  throw message === undefined
    ? notAssay(url, response.status)
    : new CliError(explainRefusal(url, response.status, message))
}
