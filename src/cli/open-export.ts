import { Readable } from 'node:stream'
import type { ReadableStream as WebStream } from 'node:stream/web'
import { CliError } from './cli-error.ts'
import { explainRefusal, type GraphQLClient, requestHeaders, unreachable } from './graphql-client.ts'

/** The rows of an export, as they come. @throws {CliError} when the server is unreachable or refuses */
export async function openExport({ url }: GraphQLClient, path: string, project: string | undefined): Promise<Readable> {
  const response = await fetch(`${url}/export/${path}`, { headers: requestHeaders(project) }).catch(
    (error: unknown) => {
      throw unreachable(url, error)
    },
  )
  if (response.ok && response.body) return Readable.fromWeb(response.body as WebStream)
  const { errors } = (await response.json().catch(() => ({}))) as { errors?: { message: string }[] }
  throw new CliError(
    explainRefusal(url, response.status, errors?.[0]?.message ?? `${url} answered ${response.status}.`),
  )
}
