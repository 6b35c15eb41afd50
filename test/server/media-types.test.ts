import { expect, test } from 'vitest'
import { jsonMediaTypeFor, takesEvents } from '../../src/server/media-types.ts'

const [plain, graphql] = ['application/json', 'application/graphql-response+json']

test.each([
  ['no header', undefined, plain, true],
  ['an empty one', '', plain, true],
  ['anything', 'text/html,*/*;q=0.8', plain, true],
  ['Apollo Client', `multipart/mixed;deferSpec=20220824,${graphql},${plain};q=0.9`, graphql, false],
  ['urql', `${graphql}, ${plain}, text/event-stream, multipart/mixed`, graphql, true],
  ['another order', `${plain}, ${graphql}`, plain, false],
  ['upper case', 'Application/JSON', plain, false],
  ['a range', 'application/*', plain, false],
  ['a range of texts', 'text/*', null, true],
  ['EventSource', 'text/event-stream', null, true],
  ['parts', 'multipart/mixed', null, false],
  ['another JSON', 'application/json-seq', null, false],
])('%s', (_who, accept, json, events) => {
  expect(jsonMediaTypeFor(accept)).toBe(json)
  expect(takesEvents(accept)).toBe(events)
})
