/** Who is here, providers of models, rules of scores, limits of endpoints, keys and projects. */

import { Tabs } from '@mantine/core'
import { getRouteApi } from '@tanstack/react-router'
import { useQuery } from 'urql'
import { Page } from '../../components/page.tsx'
import { usePageQuery } from '../../data/page-query.ts'
import { graphql } from '../../gql/gql.ts'
import { Keys } from './keys.tsx'
import { Limits } from './limits.tsx'
import { Projects } from './projects.tsx'
import { Providers } from './providers/providers.tsx'
import { ScoreConfigs } from './score-configs.tsx'
import type { settingsParts } from './settings-search.ts'
import { You } from './you.tsx'

const viewerQuery = graphql(`
  query SettingsViewer { viewer { role installation project { id name } } }
`)

const route = getRouteApi('/settings')

export function SettingsPage() {
  const { part = 'you', endpoint } = route.useSearch()
  const navigate = route.useNavigate()
  usePageQuery(viewerQuery, {})
  const [{ data }] = useQuery({ query: viewerQuery })
  const viewer = data?.viewer
  const isAdmin = viewer?.role === 'ADMIN'
  return (
    <Page title="Settings">
      <Tabs
        value={part}
        onChange={(now) => void navigate({ search: { part: now === 'you' ? undefined : (now as Part) } })}
        keepMounted={false}
      >
        <Tabs.List mb="md">
          <Tabs.Tab value="you">You</Tabs.Tab>
          <Tabs.Tab value="providers">Providers</Tabs.Tab>
          <Tabs.Tab value="scores">Scores</Tabs.Tab>
          <Tabs.Tab value="limits">Endpoint limits</Tabs.Tab>
          <Tabs.Tab value="keys">API keys</Tabs.Tab>
          <Tabs.Tab value="projects">Projects</Tabs.Tab>
        </Tabs.List>
        <Tabs.Panel value="you">
          <You />
        </Tabs.Panel>
        <Tabs.Panel value="keys">{viewer && <Keys viewer={viewer} mayManage={isAdmin} />}</Tabs.Panel>
        <Tabs.Panel value="projects">
          {viewer && <Projects shown={viewer.project.id} mayCreate={isAdmin && viewer.installation} />}
        </Tabs.Panel>
        <Tabs.Panel value="providers">
          {viewer && <Providers mayManage={isAdmin} mayWrite={viewer.role !== 'READ'} />}
        </Tabs.Panel>
        <Tabs.Panel value="scores">{viewer && <ScoreConfigs mayWrite={viewer.role !== 'READ'} />}</Tabs.Panel>
        <Tabs.Panel value="limits">
          {viewer && (
            <Limits
              mayWrite={viewer.role !== 'READ'}
              adding={endpoint ?? null}
              onAdded={() => void navigate({ search: { part }, replace: true })}
            />
          )}
        </Tabs.Panel>
      </Tabs>
    </Page>
  )
}

type Part = (typeof settingsParts)[number]
