/** Finds the run that a user means. */
import { CliError, UsageError } from './cli-error.ts'
import { graphql } from './gql/gql.ts'
import type { FindRunByIdQuery, FindRunByNameQuery } from './gql/graphql.ts'
import type { GraphQLClient } from './graphql-client.ts'

graphql(/* GraphQL */ `
  fragment FoundRun on Run {
    id
    name
    url
    status
    createdAt
  }
`)

const FindRunById = graphql(/* GraphQL */ `
  query FindRunById($id: ID!) {
    run(id: $id) { ...FoundRun }
  }
`)

const FindRunByName = graphql(/* GraphQL */ `
  query FindRunByName($filter: RunFilter, $first: Int!, $after: String) {
    runs(filter: $filter, first: $first, after: $after) {
      nodes { ...FoundRun }
      pageInfo { hasNextPage endCursor }
    }
  }
`)

const FindApproved = graphql(/* GraphQL */ `
  query FindApproved($id: ID!) {
    run(id: $id) { dataset { name baseline { run { ...FoundRun } } } }
  }
`)

export type FoundRun = NonNullable<FindRunByIdQuery['run']>

/** For the help of commands that take a run. */
export const runReferences = `
RUN is the id of a run, the address of its page, its exact name, or "latest" for the newest run of the project.`

/**
 * @param reference an id, an address, a name, or `latest`
 * @throws {CliError} when there is no such run, or there are several
 * @throws {UsageError} it is empty, as a variable of a shell that is not set
 */
export async function findRun(client: GraphQLClient, reference: string): Promise<FoundRun> {
  if (reference.trim() === '') throw new UsageError(`Expected a run, got ${JSON.stringify(reference)}.`)
  if (reference === 'latest') {
    const { runs } = await client.request(FindRunByName, { filter: {}, first: 1 })
    return runs?.nodes[0] ?? fail('There is no run in this project yet: start one with `assay run`.')
  }
  const id = idIn(reference)
  if (id !== null) {
    const { run } = await client.request(FindRunById, { id })
    return run ?? fail(`There is no run ${reference} in this project.`)
  }
  const { exact, similar } = await findByName(client, reference)
  const [found, ...more] = exact
  if (found && more.length === 0) return found
  if (found) {
    const ids = [found, ...more].map((run) => `  ${run.id}  ${run.createdAt}  ${run.status}`)
    throw new CliError(`${ids.length} runs are named "${reference}": say which one by its id.\n${ids.join('\n')}`)
  }
  const names = similar.map(({ name }) => `"${name}"`)
  throw new CliError(
    `There is no run named "${reference}"${names.length > 0 ? `, but ${names.join(', ')}` : ''}. Expected the id of a run, the address of its page, its exact name, or latest.`,
  )
}

/**
 * The baseline that a user means: as for a run, or `approved` for the one of the run's dataset.
 * @throws {CliError} when there is none
 */
export async function findBaseline(client: GraphQLClient, reference: string, candidateId: string): Promise<FoundRun> {
  if (reference !== 'approved') return findRun(client, reference)
  const { run } = await client.request(FindApproved, { id: candidateId })
  return (
    run?.dataset.baseline?.run ??
    fail(
      `The dataset "${run?.dataset.name}" has no approved baseline: approve a run with \`assay approve\`, or name one.`,
    )
  )
}

/** The search finds names that contain the text, of which those that are equal may be anywhere. */
async function findByName(client: GraphQLClient, name: string): Promise<{ exact: FoundRun[]; similar: FoundRun[] }> {
  const exact: FoundRun[] = []
  const similar: FoundRun[] = []
  let after: string | null = null
  do {
    const { runs }: FindRunByNameQuery = await client.request(FindRunByName, {
      filter: { search: name },
      first: 100,
      after,
    })
    for (const run of runs?.nodes ?? []) {
      if (run.name === name) exact.push(run)
      else if (similar.length < 5) similar.push(run)
    }
    after = runs?.pageInfo.hasNextPage ? runs.pageInfo.endCursor : null
  } while (after !== null)
  return { exact, similar }
}

/** The global id in a reference; null when it is none. */
function idIn(reference: string): string | null {
  const url = /^https?:\/\//.test(reference) ? URL.parse(reference) : null
  const id = url ? decoded(url.pathname.replace(/\/+$/, '').split('/').at(-1) ?? '') : reference
  return /^Run:[0-9a-f-]{36}$/.test(Buffer.from(id, 'base64').toString()) ? id : null
}

/** A part of a path; as it is where it is no encoding. */
function decoded(part: string): string {
  try {
    return decodeURIComponent(part)
  } catch {
    return part
  }
}

function fail(message: string): never {
  throw new CliError(message)
}
