import { expect, test } from 'vitest'
import { encodeGlobalId, type NodeType, parseGlobalId, unusedRawId } from '../../src/domain/global-id.ts'

const uuid = 'ffffffff-0fe9-4d3a-9f0b-fefefefefefe'

test.each<[NodeType, string]>([
  ['Run', uuid],
  ['ApiKey', uuid],
  ['DatasetItem', '7'],
  ['DatasetItem', '123456789012345678'],
  ['DatasetItemRevision', '99:12'],
  ['RunItem', `${uuid}:0`],
  ['RunItem', `${uuid}:99999`],
  ['Score', `${uuid}:1234567`],
  ['ReviewItem', unusedRawId('ReviewItem')],
])('a global id of a %s is the base64url of its type and its raw id %s', (type, id) => {
  const encoded = encodeGlobalId(type, id)
  expect(encoded).toBe(Buffer.from(`${type}:${id}`).toString('base64url'))
  expect(parseGlobalId(encoded)).toEqual({ type, id })
})
