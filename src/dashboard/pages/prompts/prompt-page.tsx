/** A prompt: its versions with their labels, what one of them says, changed and answers, and who uses it. */

import { Skeleton } from '@mantine/core'
import { IconPencil, IconPlayerPlay } from '@tabler/icons-react'
import { getRouteApi, Link } from '@tanstack/react-router'
import { useQuery } from 'urql'
import { Answer } from '../../components/answer.tsx'
import { EmptyState } from '../../components/empty-state.tsx'
import { LinkButton } from '../../components/link-button.tsx'
import { Page } from '../../components/page.tsx'
import { usePageQuery } from '../../data/page-query.ts'
import { PromptMenu } from './prompt-menu.tsx'
import classes from './prompt-page.module.css'
import { type PromptOfPage, promptPage } from './prompt-query.ts'
import { PromptUses } from './prompt-uses.tsx'
import type { PromptSearch } from './prompts-search.ts'
import { VersionList } from './version-list.tsx'
import { VersionView } from './version-view.tsx'

const route = getRouteApi('/prompts/$promptId')

export function PromptPage() {
  const { promptId } = route.useParams()
  usePageQuery(promptPage, { id: promptId })
  const [result, reread] = useQuery({ query: promptPage, variables: { id: promptId } })
  return (
    <Answer
      of={result}
      retry={reread}
      skeleton={
        <Page title="Prompt">
          <Skeleton height={320} />
        </Page>
      }
    >
      {({ node }) =>
        node && 'versions' in node ? (
          <PromptView prompt={node} onChanged={() => reread({ requestPolicy: 'network-only' })} />
        ) : (
          <EmptyState
            order={1}
            title="There is no such prompt"
            message="It was deleted, or belongs to another project."
          >
            <LinkButton to="/prompts" search={{}} variant="default">
              Go to the prompts
            </LinkButton>
          </EmptyState>
        )
      }
    </Answer>
  )
}

function PromptView({ prompt, onChanged }: { prompt: PromptOfPage; onChanged: () => void }) {
  const search = route.useSearch()
  const navigate = route.useNavigate()
  const change = (now: Partial<PromptSearch>) =>
    void navigate({ search: (before) => ({ ...before, ...now }), resetScroll: false })
  const { id, name, description, archivedAt } = prompt
  const versions = prompt.versions?.nodes ?? []
  const shown = versions.find(({ version }) => version === search.version) ?? versions[0]
  return (
    <Page
      title={name}
      description={description}
      aside={archivedAt && <span className={classes.label}>archived</span>}
      trail={
        <Link to="/prompts" search={{}}>
          Prompts
        </Link>
      }
      actions={
        <>
          {!archivedAt && (
            <>
              <LinkButton
                to="/experiments/new"
                search={{ prompt: name }}
                variant="default"
                leftSection={<IconPlayerPlay size={16} aria-hidden />}
              >
                New experiment
              </LinkButton>
              <LinkButton
                to="/prompts/$promptId/edit"
                params={{ promptId: id }}
                search={shown && shown !== versions[0] ? { version: shown.version } : {}}
                leftSection={<IconPencil size={16} aria-hidden />}
              >
                Edit
              </LinkButton>
            </>
          )}
          <PromptMenu prompt={prompt} onChanged={onChanged} />
        </>
      }
    >
      <div className={classes.columns}>
        <VersionList
          versions={versions}
          total={prompt.version}
          shown={shown?.version ?? 0}
          onShow={(version) =>
            change({ version: version === versions[0]?.version ? undefined : version, against: undefined })
          }
        />
        {shown && (
          <VersionView
            key={shown.id}
            prompt={prompt}
            version={shown}
            search={search}
            onSearch={change}
            onChanged={onChanged}
          />
        )}
      </div>
      <PromptUses prompt={prompt} />
    </Page>
  )
}
