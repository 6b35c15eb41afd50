/** Files behind `https` URLs of prompts, for models whose provider does not fetch them. */
import { maxAttachmentBytesOfCall } from '../domain/attachment/limits.ts'
import { TaskError } from '../domain/execution/task.ts'
import type { ProviderFetch } from './provider-fetch.ts'

export type DownloadFile = (
  url: URL,
  signal: AbortSignal | undefined,
  /** Told of the bytes of each piece as it comes; what it throws ends the download. */
  count: (bytes: number) => void,
) => Promise<{ data: Uint8Array; mediaType: string | undefined }>

const maxBytes = 20_000_000
const maxRedirects = 5

/** Redirects are followed, each to an address that calls may go to. @throws {TaskError} INVALID_INPUT when there is no file, or it is too large. */
export function fileDownload(fetch: ProviderFetch): DownloadFile {
  return async (url, signal, count) => {
    const refuse = (what: string, retryable = false) => {
      const where = `${url.origin}${url.pathname}`
      return new TaskError('INVALID_INPUT', `Expected a file at ${where}, got ${what}.`, { retryable })
    }
    let at = url
    let response = await fetch(at.href, { signal })
    for (let redirects = 0; isRedirect(response); redirects += 1) {
      await response.body?.cancel()
      if (redirects === maxRedirects) throw refuse(`more than ${maxRedirects} redirects`)
      const location = response.headers.get('location') ?? ''
      const next = URL.parse(location, at)
      if (next === null || !['https:', at.protocol].includes(next.protocol)) throw refuse(`a redirect to "${location}"`)
      at = next
      response = await fetch(at.href, { signal })
    }
    if (!response.ok) throw refuse(`the status ${response.status}`, response.status >= 500)
    const chunks: Uint8Array[] = []
    let size = 0
    for await (const chunk of (response.body ?? []) as AsyncIterable<Uint8Array>) {
      chunks.push(chunk)
      size += chunk.length
      if (size > maxBytes) throw refuse('more than 20 MB')
      count(chunk.length)
    }
    const mediaType = response.headers.get('content-type')?.split(';', 1)[0]
    return { data: Buffer.concat(chunks), mediaType }
  }
}

function isRedirect({ status, headers }: Response): boolean {
  return [301, 302, 303, 307, 308].includes(status) && headers.has('location')
}

/** As the SDK asks for those of a request: null leaves the URL to the provider. @throws {TaskError} more than 50 MB */
export function downloads(download: DownloadFile) {
  return (requests: { url: URL; isUrlSupportedByModel: boolean; abortSignal?: AbortSignal }[]) => {
    let bytes = 0
    const count = (more: number) => {
      bytes += more
      if (bytes <= maxAttachmentBytesOfCall) return
      const message = 'Expected files of at most 50 MB together in one prompt, got more.'
      throw new TaskError('INVALID_INPUT', message, { retryable: false })
    }
    return Promise.all(
      requests.map(({ url, isUrlSupportedByModel, abortSignal }) =>
        isUrlSupportedByModel ? null : download(url, abortSignal, count),
      ),
    )
  }
}
