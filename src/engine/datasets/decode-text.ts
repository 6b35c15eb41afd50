/**
 * Decodes a file: UTF-8, or UTF-16 if a byte order mark says so. The mark is dropped. Invalid bytes are reported as
 * problems with their line, never as replacement characters in the data.
 */
import { isUtf8 } from 'node:buffer'
import type { ImportProblem, Problems } from './import-problems.ts'

/** Null stands for any byte. What is text up to there goes on to a byte that tells the file from text. */
const notText: [start: (number | null)[], name: string][] = [
  [[0x1f, 0x8b], 'gzip: decompress it first'],
  [[...Buffer.from('SQLite format 3')], 'a SQLite database: export a table as CSV first (sqlite3 -header -csv)'],
  [[...Buffer.from('PAR1'), 0x15], 'a Parquet file: convert it to CSV or JSON Lines first'],
  [[...Buffer.from('ARROW1'), 0, 0], 'an Arrow file: convert it to CSV or JSON Lines first'],
  [[...Buffer.from('Obj'), 1], 'an Avro file: convert it to JSON Lines first'],
  [[...Buffer.from('%PDF-')], 'a PDF document'],
  [[0xd0, 0xcf, 0x11, 0xe0], 'an old spreadsheet or document of Microsoft Office: save it as CSV first'],
  [[...Buffer.from('BZh'), null, ...Buffer.from('1AY&SY')], 'bzip2: decompress it first'],
  [[0x28, 0xb5, 0x2f, 0xfd], 'zstd: decompress it first'],
  [[0xfd, 0x37, 0x7a, 0x58], 'xz: decompress it first'],
  [[0x37, 0x7a, 0xbc, 0xaf], 'a 7z archive: unpack it first'],
  [[0x50, 0x4b, 0x03, 0x04], 'a ZIP archive, which has no preview, or a spreadsheet: save that as CSV first'],
]

const headLength = Math.max(...notText.map(([start]) => start.length))

const empty = Buffer.alloc(0)

export async function* decodeText(source: AsyncIterable<Uint8Array>, problems: Problems): AsyncGenerator<string> {
  let decoder: Decoder | null = null
  let bytes: Buffer = empty
  for await (const chunk of source) {
    bytes = bytes.length > 0 ? Buffer.concat([bytes, chunk]) : Buffer.from(chunk.buffer, chunk.byteOffset, chunk.length)
    if (!decoder) {
      if (bytes.length < headLength) continue
      decoder = decoderFor(bytes, problems)
      if (!decoder) return
    }
    const { text, rest } = decoder(bytes, false)
    bytes = rest
    if (text) yield text
  }
  decoder ??= decoderFor(bytes, problems)
  const text = decoder?.(bytes, true).text
  if (text) yield text
}

/** Decodes bytes up to the last complete character. */
type Decoder = (bytes: Buffer, last: boolean) => { text: string; rest: Buffer }

function decoderFor(head: Buffer, problems: Problems): Decoder | null {
  for (const [start, name] of notText) {
    if (start.every((byte, i) => byte === null || head[i] === byte)) {
      problems.add({ line: null, column: null, expected: 'a text file', got: name })
      return null
    }
  }
  if (head[0] === 0xff && head[1] === 0xfe) return utf16('utf-16le', problems)
  if (head[0] === 0xfe && head[1] === 0xff) return utf16('utf-16be', problems)
  if (head.subarray(0, 4).includes(0)) {
    const got = 'what looks like UTF-16 without one, or a binary file'
    problems.add({ line: 1, column: 1, expected: 'UTF-8, or UTF-16 with a byte order mark', got })
    return null
  }
  return utf8(problems)
}

function utf16(encoding: string, problems: Problems): Decoder {
  const decoder = new TextDecoder(encoding, { fatal: true })
  let line = 1
  let failed = false
  return (bytes, last) => {
    if (failed) return { text: '', rest: empty }
    try {
      const text = decoder.decode(bytes, { stream: !last })
      line += countLines(text)
      return { text, rest: empty }
    } catch {
      failed = true
      problems.add({
        line,
        column: null,
        expected: `${encoding.toUpperCase()} here or a little later`,
        got: 'other bytes',
      })
      return { text: '', rest: empty }
    }
  }
}

function utf8(problems: Problems): Decoder {
  const position: Position = { line: 1, characters: 0 }
  let first = true
  let badLine = 0
  return (input, last) => {
    const start = first && input[0] === 0xef && input[1] === 0xbb && input[2] === 0xbf ? 3 : 0
    first = false
    const end = last ? input.length : input.length - unfinished(input)
    const bytes = input.subarray(start, end)
    const text = bytes.toString('utf8')
    if (!isUtf8(bytes)) {
      for (const bad of badLines(bytes, position)) {
        // Only the first problem of a line is reported.
        if (bad.line !== badLine) problems.add(bad)
        badLine = bad.line
      }
    }
    const newlines = countLines(text)
    position.characters = newlines > 0 ? text.length - text.lastIndexOf('\n') - 1 : position.characters + text.length
    position.line += newlines
    return { text, rest: Buffer.from(input.subarray(end)) }
  }
}

/** The position read so far: the line, and the number of characters in it. */
interface Position {
  line: number
  characters: number
}

/** The number of bytes at the end that begin a character without completing it. */
function unfinished(bytes: Buffer): number {
  for (let back = 1; back <= 3 && back <= bytes.length; back++) {
    const byte = bytes[bytes.length - back] ?? 0
    if (byte < 0x80) return 0
    if (byte >= 0xc0) return back < (byte >= 0xf0 ? 4 : byte >= 0xe0 ? 3 : 2) ? back : 0
  }
  return 0
}

function* badLines(bytes: Buffer, { line, characters }: Position): Generator<ImportProblem & { line: number }> {
  for (let start = 0; start < bytes.length; line++, characters = 0) {
    const newline = bytes.indexOf(0x0a, start)
    const end = newline === -1 ? bytes.length : newline
    const text = bytes.subarray(start, end)
    if (!isUtf8(text)) {
      const repaired = Buffer.from(text.toString('utf8'))
      const at = text.findIndex((byte, i) => byte !== repaired[i])
      const column = characters + text.subarray(0, at).toString('utf8').length + 1
      const got = `the byte 0x${text[at]?.toString(16).toUpperCase()}; save the file as UTF-8`
      yield { line, column, expected: 'UTF-8', got }
    }
    start = end + 1
  }
}

function countLines(text: string): number {
  let lines = 0
  for (let at = text.indexOf('\n'); at !== -1; at = text.indexOf('\n', at + 1)) lines++
  return lines
}
