import { crc32, deflateRawSync } from 'node:zlib'

interface ZipEntry {
  name: string
  /** As it is stored: with a method of its own compressed already. */
  content: Buffer
  /** Default: deflated here. */
  method?: number
}

/** A ZIP with entries of any method, which libraries do not write. */
export function writeZip(entries: readonly ZipEntry[]): Buffer {
  const files: Buffer[] = []
  const directory: Buffer[] = []
  let offset = 0
  for (const { name, content, method } of entries) {
    const data = method === undefined ? deflateRawSync(content) : content
    const header = Buffer.alloc(26)
    header.writeUInt16LE(20, 0)
    header.writeUInt16LE(method ?? 8, 4)
    header.writeUInt32LE(method === undefined ? crc32(content) : 0, 10)
    header.writeUInt32LE(data.length, 14)
    header.writeUInt32LE(content.length, 18)
    header.writeUInt16LE(Buffer.byteLength(name), 22)
    files.push(signature(0x04034b50), header, Buffer.from(name), data)
    const about = Buffer.alloc(14)
    about.writeUInt32LE(offset, 10)
    directory.push(signature(0x02014b50), Buffer.from([20, 0]), header, about, Buffer.from(name))
    offset += 4 + header.length + Buffer.byteLength(name) + data.length
  }
  const size = directory.reduce((sum, { length }) => sum + length, 0)
  const end = Buffer.alloc(18)
  end.writeUInt16LE(entries.length, 4)
  end.writeUInt16LE(entries.length, 6)
  end.writeUInt32LE(size, 8)
  end.writeUInt32LE(offset, 12)
  return Buffer.concat([...files, ...directory, signature(0x06054b50), end])
}

function signature(value: number): Buffer {
  const bytes = Buffer.alloc(4)
  bytes.writeUInt32LE(value)
  return bytes
}
