import type { ExecutionResult, GraphQLError } from 'graphql'

/** Delivers the error of a failed stream as its last result; thrown, it would close the socket with all operations. */
export function endWithErrors(
  source: AsyncIterable<ExecutionResult>,
  mask: (error: unknown) => Error,
): AsyncGenerator<ExecutionResult, void, void> {
  const iterator = source[Symbol.asyncIterator]()
  let broken = false
  const results: AsyncGenerator<ExecutionResult, void, void> = {
    async next() {
      if (broken) return { done: true, value: undefined }
      try {
        const { done, value } = await iterator.next()
        return done ? { done: true, value: undefined } : { done: false, value }
      } catch (error) {
        broken = true
        return { done: false, value: { errors: [mask(error) as GraphQLError] } }
      }
    },
    async return() {
      await iterator.return?.()
      return { done: true, value: undefined }
    },
    async throw(error) {
      await iterator.return?.()
      throw error
    },
    [Symbol.asyncIterator]: () => results,
    [Symbol.asyncDispose]: async () => void (await results.return()),
  }
  return results
}
