/** An error that is missing in the `errors` of a mutation is a mistake of ours; clients still get to know it. */
import { expect, test } from 'vitest'
import { mutation } from '../../schema/mutation.ts'
import { ConflictError } from '../../src/domain/errors.ts'

mutation('breakPromise', {
  description: 'Fails with an error that it does not declare.',
  input: { description: 'Nothing.', fields: (t) => ({ id: t.id({ description: 'Nothing.' }) }) },
  errors: [],
  resolve: () => {
    throw new ConflictError('It is broken.', ['id'])
  },
  payload: {
    description: 'Never.',
    fields: (t) => ({ never: t.boolean({ description: 'Never.', resolve: () => true }) }),
  },
})

test('it is a top-level error with its code and place, and fails the tests that use the server', async () => {
  // Imported after the mutation was defined: the schema is built when it is first imported.
  const { startTestServer } = await import('../helpers/server.ts')
  const t = await startTestServer()
  const { errors } = await t.query('mutation { breakPromise(input: {}) { __typename } }')
  expect(errors).toMatchObject([
    { message: 'It is broken.', path: ['breakPromise'], extensions: { code: 'CONFLICT', path: ['id'] } },
  ])
  await expect(t[Symbol.asyncDispose]()).rejects.toThrow(/It is broken.*"mutation":"breakPromise"/)
})
