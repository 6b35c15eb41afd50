/** What becomes of a file's columns, shown before anything is stored, and the import itself. */
import { Button, Group, Modal, Progress, Skeleton, Stack, Text } from '@mantine/core'
import { notifications } from '@mantine/notifications'
import { useEffect, useState } from 'react'
import { formatBytes, formatCount } from '../../../components/number-format.ts'
import { useProjectName } from '../../../data/project.ts'
import type { DatasetPageDataset } from '../dataset-query.ts'
import { ColumnTable } from './column-table.tsx'
import classes from './import.module.css'
import { ImportFailure, importFile, type Mapping, type Preview, type Problem, previewFile } from './import-request.ts'
import { PreviewTable } from './preview-table.tsx'

interface Props {
  file: File
  dataset: DatasetPageDataset
  onClose: () => void
  onDone: () => void
}

type State = { kind: 'READING' } | { kind: 'READ' } | { kind: 'SENDING'; part: number; controller: AbortController }

export function ImportFile({ file, dataset, onClose, onDone }: Props) {
  const project = useProjectName()
  const [chosen, setChosen] = useState<Partial<Mapping>>({})
  const [preview, setPreview] = useState<Preview | null>(null)
  const [failure, setFailure] = useState<ImportFailure | null>(null)
  const [state, setState] = useState<State>({ kind: 'READING' })
  const key = JSON.stringify(chosen)
  const target = { file, dataset: dataset.name, project }

  // biome-ignore lint/correctness/useExhaustiveDependencies: `target` is made of these
  useEffect(() => {
    const controller = new AbortController()
    setState({ kind: 'READING' })
    previewFile({ ...target, mapping: JSON.parse(key) }, controller.signal)
      .then((read) => {
        setPreview(read)
        setFailure(null)
      })
      .catch((error) => controller.signal.aborted || setFailure(asFailure(error)))
      .finally(() => controller.signal.aborted || setState({ kind: 'READ' }))
    return () => controller.abort()
  }, [file, dataset.name, project, key])

  async function send() {
    const controller = new AbortController()
    setFailure(null)
    setState({ kind: 'SENDING', part: 0, controller })
    try {
      const onProgress = (part: number) => setState({ kind: 'SENDING', part, controller })
      const { rows, added, changed, unchanged, version } = await importFile(
        { ...target, mapping: chosen },
        onProgress,
        controller.signal,
      )
      notifications.show({
        title: `Imported ${formatCount(rows)} rows as version ${version}`,
        message: `${formatCount(added)} new, ${formatCount(changed)} changed, ${formatCount(unchanged)} unchanged.`,
      })
      onDone()
    } catch (error) {
      setFailure(asFailure(error))
      setState({ kind: 'READ' })
    }
  }

  const isSending = state.kind === 'SENDING'
  const isTooLarge = preview === null && failure === null && state.kind === 'READ'
  const ready = isTooLarge || (preview !== null && preview.items.length > 0 && state.kind === 'READ')
  return (
    <Modal
      opened
      onClose={() => (isSending ? state.controller.abort() : onClose())}
      title={`Import ${file.name}`}
      size="min(1000px, 96vw)"
      closeButtonProps={{ 'aria-label': isSending ? 'Stop the import' : 'Close' }}
    >
      <Stack>
        {preview === null && failure === null && !isTooLarge && <Skeleton height={220} />}
        {isTooLarge && (
          <Text size="sm">
            This ZIP is too large to be shown first. Its rows are imported by the usual names of columns; if one of them
            cannot be, nothing is stored.
          </Text>
        )}
        {preview !== null && preview.columns.length > 0 && (
          <>
            <Text size="sm" c="dimmed">
              {/\.zip$/i.test(file.name) ? 'A ZIP with ' : ''}
              {words[preview.format ?? 'jsonl']}, {formatBytes(file.size)}. Rows with the key, or else the input, of an
              item that is there change it; nothing else is touched. Nothing is stored before you import.
            </Text>
            <ColumnTable preview={preview} onChange={(now) => setChosen((before) => ({ ...before, ...now }))} />
            <div>
              <div className={classes.caption}>The first {formatCount(preview.items.length)} items</div>
              <PreviewTable items={preview.items} />
            </div>
          </>
        )}
        {preview !== null && <Problems title="These rows cannot be imported as it is" problems={preview.problems} />}
        {failure && (
          <div role="alert">
            <Text c="var(--worse)" style={{ whiteSpace: 'pre-wrap' }}>
              {failure.message.split('\n')[0]}
            </Text>
            <Problems title="" problems={failure.problems} />
          </div>
        )}
        {isSending && <Progress value={state.part * 100} aria-label="Sent" animated={state.part >= 1} />}
        <Group gap={8}>
          <Button onClick={send} disabled={!ready} loading={isSending}>
            Import
          </Button>
          <Button variant="default" onClick={() => (isSending ? state.controller.abort() : onClose())}>
            {isSending ? 'Stop' : 'Cancel'}
          </Button>
        </Group>
      </Stack>
    </Modal>
  )
}

function Problems({ title, problems }: { title: string; problems: readonly Problem[] }) {
  if (problems.length === 0) return null
  return (
    <div className={classes.problems}>
      {title !== '' && <strong>{title}</strong>}
      <ul>
        {problems.slice(0, 20).map(({ line, column, expected, got }, index) => (
          // biome-ignore lint/suspicious/noArrayIndexKey: problems have no other identity and never move
          <li key={index}>
            {[line === null ? null : `Line ${line}`, column === null ? null : column]
              .filter((part) => part !== null)
              .join(', ') || 'File'}
            : expected {expected}, got {got}
          </li>
        ))}
      </ul>
    </div>
  )
}

const words = { jsonl: 'JSON Lines', json: 'A JSON array', csv: 'CSV' } as const

function asFailure(error: unknown): ImportFailure {
  return error instanceof ImportFailure
    ? error
    : new ImportFailure(`The file could not be read: ${(error as Error).message}`)
}
