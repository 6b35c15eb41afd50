import { parse, validate } from 'graphql'
import { expect, test } from 'vitest'
import { schema } from '../../schema/index.ts'
import { examples } from '../../src/server/graphiql-examples.ts'

test('every example is valid, and narrow enough to be read without scrolling', () => {
  expect(examples.length).toBeGreaterThan(1)
  for (const example of examples) {
    expect(validate(schema, parse(example))).toEqual([])
    for (const line of example.split('\n')) expect(line.length).toBeLessThanOrEqual(56)
  }
})
