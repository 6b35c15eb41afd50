/** Files behind `https` URLs of prompts, for models whose provider does not fetch them. */
import { TaskError } from '../domain/execution/task.ts'
import type { ProviderFetch } from './provider-fetch.ts'

export type DownloadFile = (
  url: URL,
  signal: AbortSignal | undefined,
) => Promise<{ data: Uint8Array; mediaType: string | undefined }>

const maxBytes = 20_000_000

/** @throws {TaskError} INVALID_INPUT when there is no file, or it is too large. */
export function fileDownload(fetch: ProviderFetch): DownloadFile {
  return async (url, signal) => {
    const refuse = (what: string, retryable = false) => {
      const where = `${url.origin}${url.pathname}`
      return new TaskError('INVALID_INPUT', `Expected a file at ${where}, got ${what}.`, { retryable })
    }
    const response = await fetch(url.href, { signal })
    if (!response.ok) throw refuse(`the status ${response.status}`, response.status >= 500)
    const chunks: Uint8Array[] = []
    let size = 0
    for await (const chunk of (response.body ?? []) as AsyncIterable<Uint8Array>) {
      chunks.push(chunk)
      size += chunk.length
      if (size > maxBytes) throw refuse('more than 20 MB')
    }
    const mediaType = response.headers.get('content-type')?.split(';', 1)[0]
    return { data: Buffer.concat(chunks), mediaType }
  }
}

/** As the SDK asks for them: null leaves the URL to the provider. */
export function downloads(download: DownloadFile) {
  return (requests: { url: URL; isUrlSupportedByModel: boolean; abortSignal?: AbortSignal }[]) =>
    Promise.all(
      requests.map(({ url, isUrlSupportedByModel, abortSignal }) =>
        isUrlSupportedByModel ? null : download(url, abortSignal),
      ),
    )
}
