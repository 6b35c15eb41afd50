import * as z from 'zod'
import type { Api } from '../api.ts'
import { ListDatasets, ListExperiments, ListRuns } from '../operations.ts'
import { runText } from '../run-text.ts'
import { shortened } from '../text.ts'

export const listInput = {
  what: z.enum(['runs', 'experiments', 'datasets']).describe('What to list; runs and experiments newest first.'),
  search: z.string().optional().describe('Only those with this text in their name or description.'),
  limit: z.int().min(1).max(50).default(10),
  after: z.string().optional().describe('The cursor at the end of the page before.'),
}

type ListInput = z.output<z.ZodObject<typeof listInput>>

interface Page {
  lines: string[]
  pageInfo: { hasNextPage: boolean; endCursor: string | null }
}

export async function list(api: Api, { what, search, limit, after }: ListInput): Promise<string> {
  const { lines, pageInfo } = await pageOf(api, what, { first: limit, after: after ?? null, search: search ?? null })
  if (lines.length === 0) return `There are no ${what}${search ? ` with "${search}"` : ''}.`
  const next = pageInfo.hasNextPage ? [`There are more: after = ${JSON.stringify(pageInfo.endCursor)}`] : []
  return [...lines, ...next].join('\n')
}

async function pageOf(
  api: Api,
  what: ListInput['what'],
  variables: { first: number; after: string | null; search: string | null },
): Promise<Page> {
  if (what === 'runs') {
    const page = (await api.request(ListRuns, variables)).runs
    return { lines: page?.nodes.map(runText) ?? [], pageInfo: page?.pageInfo ?? noPage }
  }
  if (what === 'datasets') {
    const page = (await api.request(ListDatasets, variables)).datasets
    const lines = page?.nodes.map(({ id, name, description, version, itemCount }) => {
      const about = description ? `: ${shortened(description, 200)}` : ''
      return `dataset "${name}" (${id}), version ${version}, ${itemCount} items${about}`
    })
    return { lines: lines ?? [], pageInfo: page?.pageInfo ?? noPage }
  }
  const page = (await api.request(ListExperiments, variables)).experiments
  const lines = page?.nodes.map(({ id, name, description, dataset, task, runs }) => {
    const about = description ? `: ${shortened(description, 200)}` : ''
    const newest = runs?.nodes[0]
    const last = newest ? `; newest run "${newest.name}" (${newest.id}) ${newest.status}` : '; no run yet'
    return `experiment "${name}" (${id}) on dataset "${dataset.name}", ${task.__typename}${about}${last}`
  })
  return { lines: lines ?? [], pageInfo: page?.pageInfo ?? noPage }
}

const noPage = { hasNextPage: false, endCursor: null }
