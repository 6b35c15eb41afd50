/** What the pages of a dataset share: its name, what can be done with it, the way between them, and a place to drop files. */
import { Button, Menu, Skeleton } from '@mantine/core'
import { IconDownload, IconFlask2, IconPlus, IconUpload } from '@tabler/icons-react'
import { getRouteApi, Link, Outlet, useNavigate, useSearch } from '@tanstack/react-router'
import { useMemo, useRef, useState } from 'react'
import { useQuery } from 'urql'
import { Answer } from '../../components/answer.tsx'
import { EmptyState } from '../../components/empty-state.tsx'
import { LinkButton } from '../../components/link-button.tsx'
import { plural } from '../../components/number-format.ts'
import { Page } from '../../components/page.tsx'
import { useFileAddress } from '../../data/project.ts'
import { type Shortcut, useShortcuts } from '../../keyboard/shortcuts.ts'
import { FolderTrail } from '../datasets/folder-trail.tsx'
import { DatasetContext } from './dataset-context.ts'
import classes from './dataset-layout.module.css'
import { DatasetMenu } from './dataset-menu.tsx'
import { type DatasetPageDataset, datasetPage } from './dataset-query.ts'
import { DropZone } from './import/drop-zone.tsx'
import { ImportFile } from './import/import-file.tsx'

const route = getRouteApi('/datasets/$datasetId')

export function DatasetLayout() {
  const { datasetId } = route.useParams()
  const [result, reread] = useQuery({ query: datasetPage, variables: { id: datasetId } })
  return (
    <Answer of={result} retry={reread} skeleton={<DatasetSkeleton />}>
      {({ node }) =>
        node && 'version' in node ? (
          <Dataset key={node.id} dataset={node} onChanged={() => reread({ requestPolicy: 'network-only' })} />
        ) : (
          <EmptyState
            order={1}
            title="There is no such dataset"
            message="It was deleted, or belongs to another project."
          >
            <LinkButton to="/datasets" search={{}} variant="default">
              Go to the datasets
            </LinkButton>
          </EmptyState>
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
  const navigate = useNavigate()
  const [file, setFile] = useState<File | null>(null)
  const chooser = useRef<HTMLInputElement>(null)
  const params = { datasetId: dataset.id }
  const addItem = () => void navigate({ to: '/datasets/$datasetId', params, search: { item: 'new' } })
  useShortcuts(keys, (key, event) => {
    event.preventDefault()
    if (key === 'n') addItem()
    else chooser.current?.click()
  })
  // biome-ignore lint/correctness/useExhaustiveDependencies: it always does the same
  const shared = useMemo(() => ({ dataset, onChanged }), [dataset])

  return (
    <DropZone onFile={setFile}>
      <div className={classes.dataset}>
        <Page
          title={dataset.name.split('/').at(-1) ?? dataset.name}
          trail={<FolderTrail parts={dataset.name.split('/').slice(0, -1)} />}
          aside={
            <span className={classes.size}>
              {plural(dataset.itemCount, 'item')} · version {dataset.version}
            </span>
          }
          description={dataset.description}
          actions={
            <>
              <LinkButton
                to="/experiments/new"
                search={{ dataset: dataset.id }}
                leftSection={<IconFlask2 size={16} aria-hidden />}
              >
                New experiment
              </LinkButton>
              <Button variant="default" leftSection={<IconPlus size={16} aria-hidden />} onClick={addItem}>
                Add an item
              </Button>
              <Button
                variant="default"
                leftSection={<IconUpload size={16} aria-hidden />}
                onClick={() => chooser.current?.click()}
              >
                Import
              </Button>
              <Export dataset={dataset} />
              <DatasetMenu dataset={dataset} />
              <input
                ref={chooser}
                type="file"
                hidden
                accept=".jsonl,.ndjson,.json,.csv,.tsv,.zip"
                aria-label="File to import"
                onChange={(event) => {
                  setFile(event.currentTarget.files?.[0] ?? null)
                  event.currentTarget.value = ''
                }}
              />
            </>
          }
        >
          <nav aria-label="Pages of this dataset" className={classes.tabs}>
            <Link
              to="/datasets/$datasetId"
              params={params}
              search={{}}
              className={classes.tab}
              activeOptions={{ exact: true, includeSearch: false }}
            >
              Items
            </Link>
            <Link
              to="/datasets/$datasetId/runs"
              params={params}
              className={classes.tab}
              activeOptions={{ includeSearch: false }}
            >
              Runs
            </Link>
            <Link
              to="/datasets/$datasetId/versions"
              params={params}
              search={{}}
              className={classes.tab}
              activeOptions={{ includeSearch: false }}
            >
              Versions
            </Link>
          </nav>
          <DatasetContext value={shared}>
            <Outlet />
          </DatasetContext>
        </Page>
      </div>
      {file && (
        <ImportFile
          file={file}
          dataset={dataset}
          onClose={() => setFile(null)}
          onDone={() => {
            setFile(null)
            onChanged()
            void navigate({ to: '/datasets/$datasetId', params, search: {} })
          }}
        />
      )}
    </DropZone>
  )
}

function Export({ dataset }: { dataset: DatasetPageDataset }) {
  const fileAddress = useFileAddress()
  const { version } = useSearch({ strict: false })
  const address = (format: string) =>
    fileAddress(`/export/datasets/${dataset.id}.${format}`, version === undefined ? {} : { version: String(version) })
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
        <Menu.Item component="a" href={address('zip')} download>
          ZIP, with the files that the items refer to
        </Menu.Item>
      </Menu.Dropdown>
    </Menu>
  )
}

function DatasetSkeleton() {
  return (
    <Page title="Dataset">
      <div aria-hidden>
        <Skeleton height={34} width={200} mb={14} />
        {[0, 1, 2, 3, 4, 5, 6, 7].map((row) => (
          <Skeleton key={row} height={34} mb={4} />
        ))}
      </div>
    </Page>
  )
}
