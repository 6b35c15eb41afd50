/** The page of a dataset: its items in any version, what changed between versions, and what can be done with it. */
import { Button, Menu, SegmentedControl, Skeleton } from '@mantine/core'
import { IconDownload, IconPlus, IconUpload } from '@tabler/icons-react'
import { getRouteApi, Link } from '@tanstack/react-router'
import { useCallback, useRef, useState } from 'react'
import { useQuery } from 'urql'
import { Answer } from '../../components/answer.tsx'
import { EmptyState } from '../../components/empty-state.tsx'
import { plural } from '../../components/number-format.ts'
import { Page } from '../../components/page.tsx'
import { useProjectName } from '../../data/project.ts'
import { type Shortcut, useShortcuts } from '../../keyboard/shortcuts.ts'
import { DatasetMenu } from './dataset-menu.tsx'
import classes from './dataset-page.module.css'
import { type DatasetPageDataset, datasetPage } from './dataset-query.ts'
import type { DatasetSearch } from './dataset-search.ts'
import { DropZone } from './import/drop-zone.tsx'
import { ImportFile } from './import/import-file.tsx'
import { Items } from './items.tsx'
import { Versions } from './versions.tsx'

const route = getRouteApi('/datasets/$datasetId')

export function DatasetPage() {
  const { datasetId } = route.useParams()
  const [result, reread] = useQuery({ query: datasetPage, variables: { id: datasetId } })
  return (
    <Answer of={result} retry={reread} skeleton={<DatasetSkeleton />}>
      {({ node }) =>
        node && 'version' in node ? (
          <Dataset key={node.id} dataset={node} onChanged={() => reread({ requestPolicy: 'network-only' })} />
        ) : (
          <NoDataset />
        )
      }
    </Answer>
  )
}

const keys: readonly Shortcut[] = [
  { key: 'n', label: 'New item' },
  { key: 'i', label: 'Import a file' },
]

function Dataset({ dataset, onChanged }: { dataset: DatasetPageDataset; onChanged: () => void }) {
  const search = route.useSearch()
  const navigate = route.useNavigate()
  const change = useCallback(
    (now: Partial<DatasetSearch>, options?: { replace?: boolean }) =>
      void navigate({ search: (before) => ({ ...before, ...now }), resetScroll: false, ...options }),
    [navigate],
  )
  const [file, setFile] = useState<File | null>(null)
  const chooser = useRef<HTMLInputElement>(null)
  const addItem = () => change({ item: 'new', view: undefined, version: undefined })
  useShortcuts(keys, (key, event) => {
    event.preventDefault()
    if (key === 'n') addItem()
    else chooser.current?.click()
  })
  const folder = dataset.name.split('/').slice(0, -1)

  return (
    <DropZone onFile={setFile}>
      <div className={classes.dataset}>
        <Page
          title={dataset.name.split('/').at(-1) ?? dataset.name}
          trail={
            <>
              <Link to="/datasets" search={{}}>
                Datasets
              </Link>
              {folder.map((part, index) => {
                const path = folder.slice(0, index + 1).join('/')
                return (
                  <span key={path} className={classes.step}>
                    <span aria-hidden>/</span>
                    <Link to="/datasets" search={{ folder: path }}>
                      {part}
                    </Link>
                  </span>
                )
              })}
            </>
          }
          aside={
            <span className={classes.facts}>
              {plural(dataset.itemCount, 'item')} · version {dataset.version}
            </span>
          }
          description={dataset.description}
          actions={
            <>
              <Button leftSection={<IconPlus size={16} aria-hidden />} onClick={addItem}>
                Add an item
              </Button>
              <Button
                variant="default"
                leftSection={<IconUpload size={16} aria-hidden />}
                onClick={() => chooser.current?.click()}
              >
                Import
              </Button>
              <Export dataset={dataset} version={search.version} />
              <DatasetMenu dataset={dataset} />
              <input
                ref={chooser}
                type="file"
                hidden
                accept=".jsonl,.ndjson,.json,.csv,.tsv"
                aria-label="File to import"
                onChange={(event) => {
                  setFile(event.currentTarget.files?.[0] ?? null)
                  event.currentTarget.value = ''
                }}
              />
            </>
          }
        >
          <SegmentedControl
            className={classes.views}
            aria-label="What is shown"
            value={search.view ?? 'items'}
            onChange={(view) => change({ view: view === 'versions' ? view : undefined })}
            data={[
              { value: 'items', label: 'Items' },
              { value: 'versions', label: 'Versions' },
            ]}
          />
          {search.view === 'versions' ? (
            <Versions dataset={dataset} search={search} onSearch={change} />
          ) : (
            <Items dataset={dataset} search={search} onSearch={change} onChanged={onChanged} />
          )}
        </Page>
      </div>
      {file && (
        <ImportFile
          file={file}
          dataset={dataset}
          onClose={() => setFile(null)}
          onDone={() => {
            setFile(null)
            change({ version: undefined, item: undefined, q: undefined, tags: undefined, view: undefined })
            onChanged()
          }}
        />
      )}
    </DropZone>
  )
}

function Export({ dataset, version }: { dataset: DatasetPageDataset; version: number | undefined }) {
  const project = useProjectName()
  const address = (format: string) => {
    const parameters = new URLSearchParams({
      ...(version !== undefined && { version: String(version) }),
      ...(project !== null && { project }),
    })
    return `/export/datasets/${dataset.id}.${format}${parameters.size > 0 ? `?${parameters}` : ''}`
  }
  return (
    <Menu position="bottom-end">
      <Menu.Target>
        <Button variant="default" leftSection={<IconDownload size={16} aria-hidden />}>
          Export
        </Button>
      </Menu.Target>
      <Menu.Dropdown>
        <Menu.Item component="a" href={address('jsonl')} download>
          JSON Lines, exact: it can be imported again
        </Menu.Item>
        <Menu.Item component="a" href={address('csv')} download>
          CSV, for spreadsheets
        </Menu.Item>
      </Menu.Dropdown>
    </Menu>
  )
}

function NoDataset() {
  return (
    <EmptyState
      order={1}
      title="There is no such dataset"
      message={
        <>
          It was deleted, or belongs to another project.{' '}
          <Link to="/datasets" search={{}}>
            All datasets
          </Link>
        </>
      }
    />
  )
}

function DatasetSkeleton() {
  return (
    <Page title="Dataset">
      <div aria-hidden>
        <Skeleton height={34} width={160} mb={14} />
        {[0, 1, 2, 3, 4, 5, 6, 7].map((row) => (
          <Skeleton key={row} height={34} mb={4} />
        ))}
      </div>
    </Page>
  )
}
