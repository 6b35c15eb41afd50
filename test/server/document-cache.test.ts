import { expect, test } from 'vitest'
import { createDocumentCaches, DocumentCache, documentCacheLimits } from '../../src/server/limits/document-cache.ts'

test('the documents that are remembered stay below the limit of characters, the last ones used among them', () => {
  const cache = new DocumentCache<number>(100)
  for (let n = 0; n < 50; n++) {
    cache.set(`${n}`.padEnd(10), n)
    cache.get('0'.padEnd(10))
  }
  expect(cache.characters).toBe(100)
  expect(cache.get('0'.padEnd(10))).toBe(0)
  expect(cache.get('49'.padEnd(10))).toBe(49)
  expect(cache.get('40'.padEnd(10))).toBeUndefined()
})

test('a document larger than the limit is not remembered', () => {
  const cache = new DocumentCache<number>(100)
  cache.set('x'.repeat(101), 1)
  expect(cache.characters).toBe(0)
})

test('thousands of distinct documents of 36 KB leave no more behind than a few', () => {
  const { documentCache, errorCache } = createDocumentCaches()
  for (let n = 0; n < 2_000; n++) {
    errorCache.set(`${n}`.padEnd(36_000), new Error())
    documentCache.set(`${n}`.padEnd(36_000), { kind: 'Document' } as never)
  }
  expect(documentCache.characters).toBeLessThanOrEqual(documentCacheLimits.documents)
  expect(errorCache.characters).toBeLessThanOrEqual(documentCacheLimits.errors)
})
