/** Files in the values of an item: data URLs, references to attachments, and the parts of the usual chat formats. */
import type { Json } from '../json/json.ts'
import type { FilePart, TextPart } from './prompt.ts'

type JsonObject = { [key: string]: Json }

export function isObject(value: Json | undefined): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/** The id in `{"$file": "<id>"}`, a reference to an attachment; null for every other value. */
export function attachmentIn(value: Json | undefined): string | null {
  if (!isObject(value) || typeof value.$file !== 'string') return null
  return Object.keys(value).length === 1 ? value.$file : null
}

const dataUrl = /^data:([\w.+-]+\/[\w.+-]+)?(?:;[\w.+=-]+)*;base64,/i

/** The media type of a data URL with base64; null if the value is none. */
function mediaTypeOfDataUrl(value: string): string | null {
  // A prefix is enough, and the URL can have megabytes.
  const found = dataUrl.exec(value.slice(0, 300))
  return found && (found[1] ?? 'text/plain').toLowerCase()
}

/** The file that a value is by itself: a data URL, or a reference to an attachment. */
export function fileIn(value: Json | undefined): FilePart | null {
  if (typeof value === 'string') {
    const mediaType = mediaTypeOfDataUrl(value)
    return mediaType === null ? null : file({ url: value }, mediaType)
  }
  const attachment = attachmentIn(value)
  return attachment === null ? null : { type: 'file', source: { attachment }, mediaType: null, filename: null }
}

/**
 * A part of a message in the formats of OpenAI, Anthropic and the AI SDK, or a file by itself.
 * @returns null for every other value
 */
export function partIn(value: Json): TextPart | FilePart | null {
  const alone = fileIn(value)
  if (alone || !isObject(value)) return alone
  switch (value.type) {
    case 'text':
    case 'input_text':
    case 'output_text':
      return typeof value.text === 'string' ? { type: 'text', text: value.text } : null
    case 'image':
      return withDetails(value, sourceIn(value.image ?? value.url ?? value.source), 'image')
    case 'image_url':
    case 'input_image':
      return withDetails(value, sourceIn(isObject(value.image_url) ? value.image_url.url : value.image_url), 'image')
    case 'file':
    case 'input_file':
    case 'document':
    case 'media':
      return withDetails(value, documentIn(value), 'file')
    case 'input_audio':
      return audioIn(value.input_audio)
    default:
      return null
  }
}

function documentIn(value: JsonObject): FilePart | null {
  if (isObject(value.file) && attachmentIn(value.file) === null) {
    const { file_data: data, filename } = value.file
    return withDetails({ filename: filename ?? null }, sourceIn(data), 'file')
  }
  const { data, mediaType, media_type: snakeCase } = value
  const type = mediaType ?? snakeCase
  if (typeof data === 'string' && typeof type === 'string' && base64.test(data) && sourceIn(data) === null) {
    return file({ url: `data:${type};base64,${data}` }, type)
  }
  return sourceIn(value.file ?? data ?? value.url ?? value.file_data ?? value.file_url ?? value.source)
}

const base64 = /^[A-Za-z0-9+/_-]+={0,2}$/

function audioIn(audio: Json | undefined): FilePart | null {
  if (!isObject(audio) || typeof audio.data !== 'string' || typeof audio.format !== 'string') return null
  const mediaType = audio.format === 'mp3' ? 'audio/mpeg' : `audio/${audio.format}`
  return file({ url: `data:${mediaType};base64,${audio.data}` }, mediaType)
}

/** A URL, an attachment, or Anthropic's `source`. */
function sourceIn(value: Json | undefined): FilePart | null {
  if (typeof value === 'string' && /^https?:\/\//i.test(value)) {
    return { type: 'file', source: { url: value }, mediaType: null, filename: null }
  }
  const alone = fileIn(value)
  if (alone || !isObject(value)) return alone
  if (value.type === 'url') return sourceIn(value.url)
  if (value.type !== 'base64' || typeof value.data !== 'string' || typeof value.media_type !== 'string') return null
  return file({ url: `data:${value.media_type};base64,${value.data}` }, value.media_type)
}

function withDetails(value: JsonObject, found: FilePart | null, type: FilePart['type']): FilePart | null {
  if (found === null) return null
  const mediaType = value.mediaType ?? value.media_type
  return {
    type,
    source: found.source,
    mediaType: typeof mediaType === 'string' ? mediaType : found.mediaType,
    filename: typeof value.filename === 'string' ? value.filename : found.filename,
  }
}

function file(source: FilePart['source'], mediaType: string): FilePart {
  return { type: mediaType.startsWith('image/') ? 'image' : 'file', source, mediaType, filename: null }
}

/** The path of the first file anywhere inside of a value; null if there is none. */
export function pathOfFile(value: Json, path: string): string | null {
  if (fileIn(value)) return path
  if (typeof value !== 'object' || value === null) return null
  for (const [key, member] of Object.entries(value)) {
    const found = pathOfFile(member, `${path}.${key}`)
    if (found !== null) return found
  }
  return null
}
