/** All prompts of the project, with the labels of their versions. */

import { Button, Group, Skeleton, Switch, TextInput } from '@mantine/core'
import { useDebouncedCallback } from '@mantine/hooks'
import { IconMessage2, IconPlus, IconSearch } from '@tabler/icons-react'
import { getRouteApi, Link } from '@tanstack/react-router'
import { useEffect, useState } from 'react'
import { useQuery } from 'urql'
import { Age } from '../../components/age.tsx'
import { Answer } from '../../components/answer.tsx'
import { EmptyState } from '../../components/empty-state.tsx'
import { LinkButton } from '../../components/link-button.tsx'
import { Page } from '../../components/page.tsx'
import { usePageQuery } from '../../data/page-query.ts'
import { graphql } from '../../gql/gql.ts'
import type { PromptSummaryFragment } from '../../gql/graphql.ts'
import list from '../experiments/experiments-page.module.css'
import { LabelChip } from './label-chip.tsx'
import type { PromptsSearch } from './prompts-search.ts'

const promptsPage = graphql(`
  query PromptsPage($first: Int!, $after: String, $filter: PromptFilter) {
    prompts(first: $first, after: $after, filter: $filter) {
      nodes { ...PromptSummary }
      pageInfo { endCursor hasNextPage }
    }
  }
`)

const route = getRouteApi('/prompts')
const promptsPerPage = 50

export function PromptsPage() {
  const { q, after, archived } = route.useSearch()
  const navigate = route.useNavigate()
  const change = (now: Partial<PromptsSearch>, replace = false) =>
    void navigate({ search: (before) => ({ ...before, ...now }), replace })
  const variables = { first: promptsPerPage, after, filter: { search: q, includeArchived: archived ?? false } }
  usePageQuery(promptsPage, variables)
  const [result, reread] = useQuery({ query: promptsPage, variables })
  const [text, setText] = useState(q ?? '')
  useEffect(() => setText(q ?? ''), [q])
  const searchLater = useDebouncedCallback(
    (found: string) => change({ q: found || undefined, after: undefined }, true),
    300,
  )
  const write = (
    <LinkButton to="/prompts/new" leftSection={<IconPlus size={16} aria-hidden />}>
      New prompt
    </LinkButton>
  )
  return (
    <Page
      title="Prompts"
      description="Messages to a model with names of the item in them. Every change is a new version; labels such as production say which version is meant."
      actions={write}
    >
      <Group gap="md">
        <TextInput
          size="xs"
          w={240}
          aria-label="Search in names, descriptions and contents"
          placeholder="Search"
          leftSection={<IconSearch size={14} aria-hidden />}
          value={text}
          onChange={(event) => {
            setText(event.currentTarget.value)
            searchLater(event.currentTarget.value.trim())
          }}
        />
        <Switch
          size="xs"
          label="Show archived ones"
          checked={archived ?? false}
          onChange={(event) => change({ archived: event.currentTarget.checked || undefined, after: undefined })}
        />
      </Group>
      <Answer of={result} retry={reread} skeleton={<Skeleton height={240} />}>
        {({ prompts }) => {
          const nodes = prompts?.nodes ?? []
          if (nodes.length === 0) {
            return q === undefined ? (
              <EmptyState
                icon={<IconMessage2 size={38} stroke={1.3} color="var(--accent)" aria-hidden />}
                title="No prompt yet"
                message="A stored prompt has versions and labels, and experiments refer to it: move the label, start a run, and compare."
              >
                {write}
              </EmptyState>
            ) : (
              <EmptyState title="No prompt is found" message={`None has “${q}” in its name, description or content.`} />
            )
          }
          return (
            <>
              <ul className={list.list} aria-label="Prompts">
                {nodes.map((prompt) => (
                  <Row key={prompt.id} prompt={prompt} />
                ))}
              </ul>
              {prompts?.pageInfo.hasNextPage && (
                <Button variant="default" onClick={() => change({ after: prompts.pageInfo.endCursor ?? undefined })}>
                  Next {promptsPerPage} prompts
                </Button>
              )}
            </>
          )
        }}
      </Answer>
    </Page>
  )
}

function Row({ prompt }: { prompt: PromptSummaryFragment }) {
  const { id, name, description, version, labels, updatedAt, archivedAt } = prompt
  return (
    <li className={list.row}>
      <div className={list.main}>
        <Link to="/prompts/$promptId" params={{ promptId: id }} className={list.name}>
          {name}
        </Link>
        {description && <span className={list.faint}>{description}</span>}
      </div>
      <div className={list.latest}>
        {labels.map((label) => (
          <LabelChip key={label.name} name={label.name} version={label.version} />
        ))}
        <span className={list.faint}>
          {archivedAt ? 'archived · ' : ''}version {version} · <Age of={updatedAt} />
        </span>
      </div>
    </li>
  )
}
