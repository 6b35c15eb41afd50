/** A server of any version, called over HTTP with a key. */

/** One operation. @returns `data` @throws when there are errors */
export type Ask = <Data>(query: string, variables?: object) => Promise<Data>

export interface Api {
  url: string
  ask: Ask
  /** Imports a file with `POST /import/…`. @returns the dataset's id */
  importItems(dataset: string, rows: object[]): Promise<string>
  /**
   * A mutation with an `input` whose type is named after the field.
   * @param fields the selection of its payload
   * @throws the message of a user error
   */
  mutate<Payload>(field: string, payload: string, fields: string, input: object): Promise<Payload>
}

export function connectApi(url: string, key: string): Api {
  const post = async (path: string, body: string) => {
    const headers = { 'content-type': 'application/json', authorization: `Bearer ${key}` }
    const response = await fetch(`${url}${path}`, { method: 'POST', headers, body })
    return await response.json()
  }
  const ask: Ask = async <Data>(query: string, variables: object = {}) => {
    const { data, errors } = (await post('/graphql', JSON.stringify({ query, variables }))) as {
      data: Data
      errors?: unknown
    }
    if (errors) throw new Error(`${JSON.stringify(errors)} for ${query}`)
    return data
  }
  return {
    url,
    ask,
    importItems: async (dataset, rows) => {
      const { datasetId } = (await post(
        `/import/${encodeURIComponent(dataset)}?format=json`,
        JSON.stringify(rows),
      )) as {
        datasetId: string
      }
      return datasetId
    },
    mutate: async <Payload>(field: string, payload: string, fields: string, input: object) => {
      const type = inputs[field] ?? `${field.charAt(0).toUpperCase()}${field.slice(1)}Input`
      const { result } = await ask<{ result: Payload & { message?: string; path?: string[] } }>(
        `mutation ($input: ${type}!) {
          result: ${field}(input: $input) { ... on ${payload} { ${fields} } ... on UserError { message path } }
        }`,
        { input },
      )
      if (result.message) throw new Error(`${field}: ${result.path?.join('.')}: ${result.message}`)
      return result
    },
  }
}

const inputs: Record<string, string> = {
  cancelRun: 'RunInput',
  resumeRun: 'RunInput',
  retryFailedItems: 'RunInput',
  deleteEvaluator: 'DeleteInput',
  deleteScore: 'DeleteInput',
}
