/** The content of an item, checked and prepared for storage: the same rules for the API and for imports. */
import { hash } from 'node:crypto'
import type { StagedItem } from '../../db/sql/dataset/staging.ts'
import { maxAttachmentsOfItem } from '../../domain/attachment/limits.ts'
import { mayHaveReferences, referencesIn } from '../../domain/attachment/references.ts'
import { excerptOf } from '../../domain/excerpt.ts'
import { canonicalJson } from '../../domain/json/canonical-json.ts'
import { type Json, maxJsonDepth } from '../../domain/json/json.ts'
import { findUnstorableEscape } from '../../domain/json/storable.ts'
import { attachmentRawId } from '../attachments/load-attachment.ts'

/** An item as passed by a client; undefined and null are the same except in `input`. */
export interface ItemContent {
  key?: string | null
  input: Json
  expectedOutput?: Json
  metadata?: Json
  tags?: readonly string[] | null
}

/** Why an item cannot be stored; becomes an error that also says which item it was. */
export class ItemProblem extends Error {
  readonly field: string
  readonly expected: string
  readonly got: string

  constructor(field: string, expected: string, got: string) {
    super(`${field}: expected ${expected}, got ${got}.`)
    this.name = 'ItemProblem'
    this.field = field
    this.expected = expected
    this.got = got
  }
}

/** In characters; a key is part of an index entry. */
const maxKeyLength = 500
const maxTagLength = 200
const maxTags = 100

/** @throws {ItemProblem} */
export function prepareItem(content: ItemContent, line: number, itemId: string | null = null): StagedItem {
  const key = content.key ?? null
  if (key !== null) checkKey(key)
  const tags = [...new Set(content.tags)]
  checkTags(tags)
  const input = canonicalText('input', content.input)
  const expectedOutput = optional('expectedOutput', content.expectedOutput)
  const metadata = optional('metadata', content.metadata)
  const attachments = attachmentsOf({ input, expectedOutput, metadata })
  const members = [`"expectedOutput":${expectedOutput}`, `"input":${input}`, `"metadata":${metadata}`]
  const whole = `{${members.join(',')},"tags":${JSON.stringify(tags)}}`
  return {
    line,
    itemId,
    key,
    identity: key === null ? `input:${sha256(input).toString('hex')}` : `key:${key}`,
    input,
    expectedOutput,
    metadata,
    tags,
    attachments,
    digest: sha256(whole),
  }
}

function optional(field: string, value: Json | undefined): string | null {
  return value == null ? null : canonicalText(field, value)
}

/** The raw ids of the files that an item refers to. @throws {ItemProblem} a reference that cannot be one, or too many */
function attachmentsOf(texts: Record<'input' | 'expectedOutput' | 'metadata', string | null>): string[] {
  const ids = new Set<string>()
  for (const [field, text] of Object.entries(texts)) {
    if (text === null || !mayHaveReferences(text)) continue
    for (const reference of referencesIn(JSON.parse(text))) {
      const id = attachmentRawId(reference)
      if (id === null) throw new ItemProblem(field, expectedAttachment, `{"$file": ${excerptOf(reference)}}`)
      ids.add(id)
    }
  }
  if (ids.size > maxAttachmentsOfItem) {
    throw new ItemProblem('input', `at most ${maxAttachmentsOfItem} attachments in an item`, `${ids.size}`)
  }
  return [...ids]
}

export const expectedAttachment = 'the id of an attachment of this project as $file (POST /attachments stores a file)'

/** Canonical JSON that PostgreSQL can store. @throws {ItemProblem} naming the field */
export function canonicalText(field: string, value: Json): string {
  let text: string
  try {
    text = canonicalJson(value, maxJsonDepth)
  } catch (error) {
    if (error instanceof RangeError) {
      throw new ItemProblem(field, 'a less deeply nested value', `one nested deeper than ${maxJsonDepth} levels`)
    }
    throw error
  }
  const refused = findUnstorableEscape(text)
  if (refused) throw new ItemProblem(field, 'text that PostgreSQL can store', `the character ${refused}`)
  return text
}

function sha256(text: string): Buffer {
  return hash('sha256', text, 'buffer')
}

function checkKey(key: string): void {
  if (key === '' || key.length > maxKeyLength) {
    throw new ItemProblem(
      'key',
      `1–${maxKeyLength} characters`,
      key === '' ? 'an empty string' : `${key.length} characters`,
    )
  }
  if (!isPlain(key)) throw new ItemProblem('key', 'text without control characters', excerptOf(key))
}

/** @throws {ItemProblem} too many, or one that cannot be stored */
export function checkTags(tags: readonly string[]): void {
  if (tags.length > maxTags) throw new ItemProblem('tags', `at most ${maxTags} tags`, `${tags.length}`)
  for (const tag of tags) {
    if (tag === '' || tag.length > maxTagLength || !isPlain(tag)) {
      throw new ItemProblem('tags', `tags of 1–${maxTagLength} characters without control characters`, excerptOf(tag))
    }
  }
}

function isPlain(text: string): boolean {
  return text.isWellFormed() && !/\p{Cc}/u.test(text)
}
