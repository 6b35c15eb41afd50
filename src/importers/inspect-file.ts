/** The parts of a log of Inspect: of a `.json` file, or of a `.eval` file, which is a ZIP with an entry per sample. */
import { Buffer } from 'node:buffer'
import { zstdDecompressSync } from 'node:zlib'
import { type Entry, fromBufferPromise, type ZipFile } from 'yauzl'
import { parseJson } from './read-json.ts'
import { FormatError, isObject, type Left, listOf, type Members, objectOf } from './results.ts'

export interface InspectLog {
  /** Version, status, eval, plan, results, stats. */
  header: Members
  samples: Members[]
}

const maxEntryBytes = 512 * 1024 * 1024

/** @throws {FormatError} */
export async function readInspectLog(content: Uint8Array, name: string, left: Left): Promise<InspectLog> {
  const nan = () => left.add('a number that is NaN or infinite')
  const isZip = content[0] === 0x50 && content[1] === 0x4b
  const log = isZip
    ? await readZip(content, (text, entry) => parseJson(text, `${entry} in ${name}`, nan), name)
    : readJson(objectOf(parseJson(Buffer.from(content).toString('utf8'), name, nan)))
  const version = log.header.version
  if (isObject(log.header.eval) && (version === 1 || version === 2 || version === 3)) return log
  throw new FormatError(
    `Expected a log of Inspect of version 1 to 3 in ${name}, got version ${JSON.stringify(version)}.`,
  )
}

function readJson({ samples, ...header }: Members): InspectLog {
  return { header, samples: listOf(samples).map(objectOf) }
}

type Parse = (text: string, entry: string) => unknown

async function readZip(content: Uint8Array, parse: Parse, name: string): Promise<InspectLog> {
  const zip = await fromBufferPromise(Buffer.from(content), { lazyEntries: true }).catch((error: Error) => {
    throw new FormatError(`${name} is not a ZIP: ${error.message}.`)
  })
  const entries = new Map<string, Entry>()
  for await (const entry of zip.eachEntry()) entries.set(entry.fileName, entry)
  const read = async (entry: Entry) => parse((await bytesOf(zip, entry)).toString('utf8'), entry.fileName)
  const part = async (file: string) => {
    const entry = entries.get(file)
    return entry ? objectOf(await read(entry)) : {}
  }
  // A log that was cut off has no header, only what was written at its start.
  const started = { ...(await part('start.json')), ...(await part('_journal/start.json')) }
  const header = { status: 'started', ...started, ...(await part('results.json')), ...(await part('header.json')) }
  const samples: Members[] = []
  for (const [file, entry] of entries) {
    if (/^samples\/[^/]+\.json$/.test(file)) samples.push(objectOf(await read(entry)))
    const folder = /^(samples\/.+)\/sample\.json$/.exec(file)?.[1]
    if (folder !== undefined) samples.push(await readParts(folder, objectOf(await read(entry)), entries, read))
  }
  return { header, samples }
}

/** A sample that is divided into entries of its own, with lists in pieces that are named by their first index. */
async function readParts(
  folder: string,
  shell: Members,
  entries: ReadonlyMap<string, Entry>,
  read: (entry: Entry) => Promise<unknown>,
): Promise<Members> {
  const list = async (sequence: string) => {
    const prefix = `${folder}/${sequence}/`
    const pieces = [...entries.keys()].filter(
      (file) => file.startsWith(prefix) && /^\d+\.json$/.test(file.slice(prefix.length)),
    )
    const first = (file: string) => Number.parseInt(file.slice(prefix.length), 10)
    const parts: unknown[] = []
    for (const file of pieces.sort((a, b) => first(a) - first(b)))
      parts.push(...listOf(await read(entries.get(file) as Entry)))
    return parts
  }
  const metadata = entries.get(`${folder}/metadata.json`)
  return {
    ...shell,
    messages: await list('messages'),
    attachments: Object.fromEntries((await list('attachments')).entries()),
    ...(metadata && { metadata: await read(metadata) }),
  }
}

const zstd = 93

/** yauzl knows stored and deflated entries only. */
async function bytesOf(zip: ZipFile, entry: Entry): Promise<Buffer> {
  if (entry.uncompressedSize > maxEntryBytes) {
    throw new FormatError(
      `${entry.fileName} has ${entry.uncompressedSize} bytes; at most ${maxEntryBytes} can be read.`,
    )
  }
  const raw = entry.compressionMethod === zstd
  const stream = await zip.openReadStreamPromise(entry, raw ? { decodeFileData: false } : {})
  const bytes = Buffer.concat(await stream.toArray())
  return raw ? zstdDecompressSync(bytes, { maxOutputLength: maxEntryBytes }) : bytes
}
