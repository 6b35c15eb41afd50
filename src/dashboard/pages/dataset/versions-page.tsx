/** The versions of a dataset, and what changed between two of them: the contents of what was added or archived on request. */
import { Button, Select, Skeleton } from '@mantine/core'
import { IconChevronDown, IconMinus, IconPencil, IconPlus } from '@tabler/icons-react'
import { getRouteApi } from '@tanstack/react-router'
import clsx from 'clsx'
import { useState } from 'react'
import { useQuery } from 'urql'
import { Age } from '../../components/age.tsx'
import { Answer } from '../../components/answer.tsx'
import { EmptyState } from '../../components/empty-state.tsx'
import { LinkButton } from '../../components/link-button.tsx'
import { formatCount, plural } from '../../components/number-format.ts'
import { previewOf } from '../../components/value-preview.ts'
import { graphql } from '../../gql/gql.ts'
import type { DatasetChangesQuery } from '../../gql/graphql.ts'
import { ContentDiff } from './content-diff.tsx'
import { useDataset } from './dataset-context.ts'
import type { DatasetPageDataset } from './dataset-query.ts'
import classes from './versions.module.css'

const versionsQuery = graphql(`
  query DatasetVersions($id: ID!, $after: String) {
    node(id: $id) {
      id
      ... on Dataset {
        versions(first: 50, after: $after) {
          nodes { version added changed archived itemCount createdAt }
          pageInfo { hasNextPage endCursor }
        }
      }
    }
  }
`)

const changesQuery = graphql(`
  query DatasetChanges($id: ID!, $from: Int!, $to: Int!, $after: String) {
    node(id: $id) {
      id
      ... on Dataset {
        changes(first: 50, from: $from, to: $to, after: $after) {
          nodes {
            kind
            item { id key }
            before { id input expectedOutput metadata tags }
            after { id input expectedOutput metadata tags }
          }
          pageInfo { hasNextPage endCursor }
        }
      }
    }
  }
`)

const route = getRouteApi('/datasets/$datasetId/versions')

export function VersionsPage() {
  const { dataset } = useDataset()
  const search = route.useSearch()
  const navigate = route.useNavigate()
  const onSearch = (now: Choice) => void navigate({ search: now, resetScroll: false })
  if (dataset.version === 0) {
    return (
      <EmptyState
        title="No version yet"
        message="The first items make version 1. Every change of items makes another, and all of them stay readable."
      />
    )
  }
  const to = Math.min(search.to ?? dataset.version, dataset.version)
  const from = Math.min(search.from ?? Math.max(0, to - 1), to)
  return (
    <div className={classes.columns}>
      <section aria-label="Versions">
        <ol className={classes.versions}>
          <VersionRows dataset={dataset} after={null} shown={to} from={from} onSearch={onSearch} />
        </ol>
      </section>
      <section aria-label="Changes" className={classes.changes}>
        <div className={classes.choice}>
          <VersionSelect
            label="From version"
            max={to}
            value={from}
            onChange={(version) => onSearch({ from: version, to })}
          />
          <VersionSelect
            label="To version"
            max={dataset.version}
            value={to}
            onChange={(version) => onSearch({ to: version, from: Math.min(from, version) })}
          />
          <LinkButton
            variant="default"
            to="/datasets/$datasetId"
            params={{ datasetId: dataset.id }}
            search={to === dataset.version ? {} : { version: to }}
          >
            Show the items of version {to}
          </LinkButton>
        </div>
        <Changes key={`${from} ${to} ${dataset.version}`} dataset={dataset} from={from} to={to} />
      </section>
    </div>
  )
}

interface Choice {
  from: number
  to: number
}

interface SelectProps {
  label: string
  max: number
  value: number
  onChange: (version: number) => void
}

/** How many versions before the newest a list offers. */
const offered = 200

function VersionSelect({ label, max, value, onChange }: SelectProps) {
  const newest = Array.from({ length: Math.min(max, offered) + 1 }, (_, n) => max - n)
  const versions = newest.includes(value) ? newest : [...newest, value]
  return (
    <Select
      label={label}
      w={150}
      data={versions.map((version) => ({
        value: String(version),
        label: version === 0 ? '0, empty' : String(version),
      }))}
      value={String(value)}
      allowDeselect={false}
      onChange={(chosen) => chosen !== null && onChange(Number(chosen))}
    />
  )
}

interface VersionRowsProps {
  dataset: DatasetPageDataset
  after: string | null
  shown: number
  from: number
  onSearch: (now: Choice) => void
}

function VersionRows({ dataset, after, shown, from, onSearch }: VersionRowsProps) {
  const [result] = useQuery({ query: versionsQuery, variables: { id: dataset.id, after } })
  const [more, setMore] = useState(false)
  const node = result.data?.node
  const page = node && 'versions' in node ? node.versions : null
  if (!page) return <Skeleton height={120} />
  return (
    <>
      {page.nodes.map(({ version, added, changed, archived, itemCount, createdAt }) => (
        <li key={version}>
          <button
            type="button"
            className={clsx(classes.version, version === shown && from === version - 1 && classes.shown)}
            aria-pressed={version === shown}
            onClick={() => onSearch({ to: version, from: version - 1 })}
          >
            <span className={classes.number}>Version {version}</span>
            <span className={classes.counts}>
              {added > 0 && <span className={classes.added}>+{formatCount(added)}</span>}
              {changed > 0 && <span>{formatCount(changed)} changed</span>}
              {archived > 0 && <span className={classes.archived}>−{formatCount(archived)}</span>}
            </span>
            <span className={classes.faint}>
              {plural(itemCount, 'item')} · <Age of={createdAt} />
            </span>
          </button>
        </li>
      ))}
      {page.pageInfo.hasNextPage &&
        (more ? (
          <VersionRows
            dataset={dataset}
            after={page.pageInfo.endCursor ?? null}
            shown={shown}
            from={from}
            onSearch={onSearch}
          />
        ) : (
          <li>
            <Button variant="subtle" fullWidth onClick={() => setMore(true)}>
              Show older versions
            </Button>
          </li>
        ))}
    </>
  )
}

function Changes({ dataset, from, to }: { dataset: DatasetPageDataset; from: number; to: number }) {
  const variables = { id: dataset.id, from, to }
  const [result, reread] = useQuery({ query: changesQuery, variables: { ...variables, after: null } })
  return (
    <Answer of={result} retry={reread} skeleton={<Skeleton height={160} />}>
      {({ node }) =>
        node && 'changes' in node && node.changes?.nodes.length === 0 ? (
          <EmptyState title="No difference" message={`Version ${to} has the same items as version ${from}.`} />
        ) : (
          <ul className={classes.list}>
            <ChangeRows variables={variables} after={null} />
          </ul>
        )
      }
    </Answer>
  )
}

function ChangeRows({
  variables,
  after,
}: {
  variables: { id: string; from: number; to: number }
  after: string | null
}) {
  const [{ data }] = useQuery({ query: changesQuery, variables: { ...variables, after } })
  const [more, setMore] = useState(false)
  const page = data?.node && 'changes' in data.node ? data.node.changes : null
  return (
    <>
      {page?.nodes.map((change) => (
        <Change key={change.item.id} change={change} />
      ))}
      {page?.pageInfo.hasNextPage &&
        (more ? (
          <ChangeRows variables={variables} after={page.pageInfo.endCursor ?? null} />
        ) : (
          <li>
            <Button variant="subtle" fullWidth onClick={() => setMore(true)}>
              Show more changes
            </Button>
          </li>
        ))}
    </>
  )
}

type DatasetChange = NonNullable<
  Extract<NonNullable<DatasetChangesQuery['node']>, { changes?: unknown }>['changes']
>['nodes'][number]

const words = { ADDED: 'Added', CHANGED: 'Changed', ARCHIVED: 'Archived' } as const
const icons = { ADDED: IconPlus, CHANGED: IconPencil, ARCHIVED: IconMinus } as const

function Change({ change: { kind, item, before, after } }: { change: DatasetChange }) {
  const Icon = icons[kind]
  const [opened, setOpened] = useState(kind === 'CHANGED')
  return (
    <li className={classes.change}>
      <button
        type="button"
        className={classes.changeHead}
        aria-expanded={opened}
        onClick={() => setOpened((before) => !before)}
      >
        <span className={classes.kind} data-kind={kind}>
          <Icon size={13} aria-hidden /> {words[kind]}
        </span>
        {item.key != null && <span className={classes.key}>{item.key}</span>}
        <span className={classes.preview}>{previewOf((after ?? before)?.input)}</span>
        <IconChevronDown size={15} aria-hidden className={clsx(classes.chevron, opened && classes.up)} />
      </button>
      {opened && <ContentDiff before={before ?? null} after={after ?? null} />}
    </li>
  )
}
