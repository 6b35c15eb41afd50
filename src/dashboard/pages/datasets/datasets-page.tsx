/** All datasets, in folders by the `/` in their names. */

import { Button, Skeleton, TextInput } from '@mantine/core'
import { useDebouncedCallback, useDisclosure } from '@mantine/hooks'
import { IconFolder, IconPlus, IconSearch, IconTable } from '@tabler/icons-react'
import { getRouteApi, Link } from '@tanstack/react-router'
import { type ReactNode, useEffect, useRef, useState } from 'react'
import { useQuery } from 'urql'
import { Age } from '../../components/age.tsx'
import { Answer } from '../../components/answer.tsx'
import { EmptyState } from '../../components/empty-state.tsx'
import { plural } from '../../components/number-format.ts'
import { Page } from '../../components/page.tsx'
import { Snippet } from '../../components/snippet.tsx'
import { usePageQuery } from '../../data/page-query.ts'
import { graphql } from '../../gql/gql.ts'
import { type Shortcut, useShortcuts } from '../../keyboard/shortcuts.ts'
import { CreateDataset } from './create-dataset.tsx'
import classes from './datasets-page.module.css'
import type { DatasetsSearch } from './datasets-search.ts'
import { FolderTrail } from './folder-trail.tsx'

const foldersQuery = graphql(`
  query DatasetFolders($folder: String, $after: String) {
    datasetFolders(folder: $folder, first: 100, after: $after) {
      nodes { name path datasetCount updatedAt }
      pageInfo { hasNextPage endCursor }
    }
  }
`)

const datasetsQuery = graphql(`
  query Datasets($filter: DatasetFilter, $after: String) {
    datasets(first: 100, after: $after, filter: $filter) {
      nodes { id name description itemCount version updatedAt }
      pageInfo { hasNextPage endCursor }
    }
  }
`)

const route = getRouteApi('/datasets')
const keys: readonly Shortcut[] = [
  { key: '/', label: 'Search in the datasets' },
  { key: 'n', label: 'New dataset' },
]

const importing = `# every line is one item: {"input": …, "expectedOutput": …}
npx assay import questions.jsonl --dataset support/questions`

export function DatasetsPage() {
  const search = route.useSearch()
  const navigate = route.useNavigate()
  const [creating, create] = useDisclosure(false)
  const input = useRef<HTMLInputElement>(null)
  useShortcuts(keys, (key, event) => {
    event.preventDefault()
    if (key === 'n') create.open()
    else input.current?.focus()
  })
  const change = (now: DatasetsSearch) => void navigate({ search: (before) => ({ ...before, ...now }), replace: true })
  const { folder, q } = search

  return (
    <Page
      title={folder === undefined ? 'Datasets' : (folder.split('/').at(-1) ?? folder)}
      trail={folder !== undefined && <FolderTrail parts={folder.split('/').slice(0, -1)} />}
      actions={
        <>
          <SearchField inputRef={input} value={q ?? ''} onChange={(text) => change({ q: text || undefined })} />
          <Button leftSection={<IconPlus size={16} aria-hidden />} onClick={create.open}>
            New dataset
          </Button>
        </>
      }
    >
      {q === undefined ? <Folder key={folder ?? ''} folder={folder ?? ''} /> : <Found key={q} text={q} />}
      <CreateDataset opened={creating} onClose={create.close} folder={folder ?? ''} />
    </Page>
  )
}

/** What is directly in a folder: folders first. */
function Folder({ folder }: { folder: string }) {
  usePageQuery(datasetsQuery, { filter: { folder }, after: null })
  const [folders, reread] = useQuery({ query: foldersQuery, variables: { folder, after: null } })
  const [datasets, rereadDatasets] = useQuery({ query: datasetsQuery, variables: { filter: { folder }, after: null } })
  return (
    <Answer of={folders} retry={reread} skeleton={<ListSkeleton />}>
      {({ datasetFolders }) => (
        <Answer of={datasets} retry={rereadDatasets} skeleton={<ListSkeleton />}>
          {({ datasets }) => {
            if ((datasetFolders?.nodes.length ?? 0) + (datasets?.nodes.length ?? 0) === 0)
              return <NoDatasets folder={folder} />
            return (
              <ul className={classes.list} aria-label="Datasets">
                <FolderRows folder={folder} after={null} />
                <DatasetRows filter={{ folder }} after={null} inFolder={folder} />
              </ul>
            )
          }}
        </Answer>
      )}
    </Answer>
  )
}

/** A page of the folders, and the following ones when they are asked for. */
function FolderRows({ folder, after }: { folder: string; after: string | null }) {
  const [{ data }] = useQuery({ query: foldersQuery, variables: { folder, after } })
  const page = data?.datasetFolders
  return (
    <>
      {page?.nodes.map(({ name, path, datasetCount, updatedAt }) => (
        <li key={path}>
          <Link to="/datasets" search={{ folder: path }} className={classes.row}>
            <IconFolder size={18} stroke={1.6} aria-hidden className={classes.icon} />
            <span className={classes.name}>{name}</span>
            <span className={classes.facts}>
              {plural(datasetCount, 'dataset')} · <Age of={updatedAt} />
            </span>
          </Link>
        </li>
      ))}
      <More page={page}>{(cursor) => <FolderRows folder={folder} after={cursor} />}</More>
    </>
  )
}

interface RowsProps {
  filter: { folder: string } | { search: string }
  after: string | null
  /** Names are shown without it. */
  inFolder: string
}

function DatasetRows({ filter, after, inFolder }: RowsProps) {
  const [{ data }] = useQuery({ query: datasetsQuery, variables: { filter, after } })
  const page = data?.datasets
  return (
    <>
      {page?.nodes.map(({ id, name, description, itemCount, version, updatedAt }) => (
        <li key={id}>
          <Link to="/datasets/$datasetId" params={{ datasetId: id }} className={classes.row}>
            <IconTable size={18} stroke={1.6} aria-hidden className={classes.icon} />
            <span className={classes.names}>
              <span className={classes.name}>{inFolder === '' ? name : name.slice(inFolder.length + 1)}</span>
              {description && <span className={classes.description}>{description}</span>}
            </span>
            <span className={classes.facts}>
              {plural(itemCount, 'item')} · version {version} · <Age of={updatedAt} />
            </span>
          </Link>
        </li>
      ))}
      <More page={page}>{(cursor) => <DatasetRows filter={filter} after={cursor} inFolder={inFolder} />}</More>
    </>
  )
}

interface MoreProps {
  page: { pageInfo: { hasNextPage: boolean; endCursor?: string | null } } | null | undefined
  children: (cursor: string) => ReactNode
}

function More({ page, children }: MoreProps) {
  const [shown, setShown] = useState(false)
  const cursor = page?.pageInfo.hasNextPage ? page.pageInfo.endCursor : null
  if (cursor == null) return null
  if (shown) return children(cursor)
  return (
    <li className={classes.more}>
      <Button variant="subtle" onClick={() => setShown(true)}>
        Show more
      </Button>
    </li>
  )
}

function Found({ text }: { text: string }) {
  const [result, reread] = useQuery({ query: datasetsQuery, variables: { filter: { search: text }, after: null } })
  return (
    <Answer of={result} retry={reread} skeleton={<ListSkeleton />}>
      {({ datasets }) =>
        datasets?.nodes.length === 0 ? (
          <EmptyState title="No dataset is left" message={`No name or description has “${text}” in it.`} />
        ) : (
          <ul className={classes.list} aria-label="Datasets">
            <DatasetRows filter={{ search: text }} after={null} inFolder="" />
          </ul>
        )
      }
    </Answer>
  )
}

function NoDatasets({ folder }: { folder: string }) {
  return (
    <EmptyState
      icon={<IconTable size={40} stroke={1.3} color="var(--accent)" aria-hidden />}
      title={folder === '' ? 'No datasets yet' : 'Nothing is in this folder'}
      message="A dataset has the items that experiments run on. Create one and drop a file on it, or import one from the terminal."
    >
      <Snippet code={importing} />
    </EmptyState>
  )
}

interface SearchProps {
  inputRef: React.RefObject<HTMLInputElement | null>
  value: string
  onChange: (text: string) => void
}

function SearchField({ inputRef, value, onChange }: SearchProps) {
  const [text, setText] = useState(value)
  useEffect(() => setText(value), [value])
  const report = useDebouncedCallback(onChange, 300)
  return (
    <TextInput
      ref={inputRef}
      w={220}
      aria-label="Search in names and descriptions"
      placeholder="Search all datasets"
      leftSection={<IconSearch size={15} aria-hidden />}
      value={text}
      maxLength={256}
      onChange={(event) => {
        setText(event.currentTarget.value)
        report(event.currentTarget.value.trim())
      }}
    />
  )
}

function ListSkeleton() {
  return (
    <div aria-hidden>
      {[0, 1, 2, 3, 4].map((row) => (
        <Skeleton key={row} height={44} mb={6} />
      ))}
    </div>
  )
}
