/** What can be done with a run in its state. */
import { ActionIcon, Button, Menu, Modal, Stack, Text } from '@mantine/core'
import { useDisclosure } from '@mantine/hooks'
import {
  IconBookmark,
  IconCopy,
  IconDotsVertical,
  IconGauge,
  IconPlayerPlay,
  IconPlayerStop,
  IconReload,
  IconTrash,
} from '@tabler/icons-react'
import { useNavigate } from '@tanstack/react-router'
import { lazy, Suspense } from 'react'
import { useMutation } from 'urql'
import { plural } from '../../components/number-format.ts'
import { titleOfRun } from '../../components/run-name.ts'
import { notifyOf } from '../../data/mutate.ts'
import { graphql } from '../../gql/gql.ts'
import { isOfForm } from '../experiments/task-summary.ts'
import type { RunPageRun } from './run-query.ts'

const RunLimits = lazy(() => import('./run-limits.tsx'))

const cancel = graphql(`
  mutation CancelRun($input: CancelRunInput!) {
    cancelRun(input: $input) { ... on CancelRunPayload { run { ...RunSummary } } ... on UserError { message path } }
  }
`)
const resume = graphql(`
  mutation ResumeRun($input: ResumeRunInput!) {
    resumeRun(input: $input) { ... on ResumeRunPayload { run { ...RunSummary } } ... on UserError { message path } }
  }
`)
const retry = graphql(`
  mutation RetryFailedItems($input: RetryFailedItemsInput!) {
    retryFailedItems(input: $input) {
      ... on RetryFailedItemsPayload { run { ...RunSummary } }
      ... on UserError { message path }
    }
  }
`)
const approve = graphql(`
  mutation ApproveBaseline($input: ApproveBaselineInput!) {
    approveBaseline(input: $input) {
      ... on ApproveBaselinePayload { dataset { id baseline { run { id } } } }
      ... on UserError { message path }
    }
  }
`)
const remove = graphql(`
  mutation DeleteRun($input: DeleteRunInput!) {
    deleteRun(input: $input) { ... on DeleteRunPayload { deletedId } ... on UserError { message path } }
  }
`)

const icon = { size: 16, 'aria-hidden': true } as const

export function RunActions({ run }: { run: RunPageRun }) {
  const { id, status, progress } = run
  const navigate = useNavigate()
  const [cancelling, cancelRun] = useMutation(cancel)
  const [resuming, resumeRun] = useMutation(resume)
  const [retrying, retryFailed] = useMutation(retry)
  const [, approveBaseline] = useMutation(approve)
  const [, deleteRun] = useMutation(remove)
  const [settings, settingsModal] = useDisclosure(false)
  const [asking, deleteModal] = useDisclosure(false)
  const input = { id }
  const isOpen = status === 'RUNNING' || status === 'QUEUED'
  const canResume = status === 'CANCELLED' || status === 'STOPPED'
  const isBaseline = run.dataset.baseline?.run.id === id

  return (
    <>
      {isOpen && (
        <Button
          variant="default"
          leftSection={<IconPlayerStop {...icon} />}
          loading={cancelling.fetching}
          onClick={async () => notifyOf(await cancelRun({ input }))}
        >
          Cancel
        </Button>
      )}
      {canResume && (
        <Button
          leftSection={<IconPlayerPlay {...icon} />}
          loading={resuming.fetching}
          onClick={async () => notifyOf(await resumeRun({ input }))}
        >
          Resume
        </Button>
      )}
      {!isOpen && progress.failed > 0 && (
        <Button
          variant="default"
          leftSection={<IconReload {...icon} />}
          loading={retrying.fetching}
          onClick={async () => notifyOf(await retryFailed({ input }))}
        >
          Retry {plural(progress.failed, 'failed item')}
        </Button>
      )}
      <Menu position="bottom-end" width={230}>
        <Menu.Target>
          <ActionIcon variant="default" size={36} aria-label="More about this run">
            <IconDotsVertical size={17} />
          </ActionIcon>
        </Menu.Target>
        <Menu.Dropdown>
          {isOpen && (
            <Menu.Item leftSection={<IconGauge {...icon} />} onClick={settingsModal.open}>
              Concurrency and budget…
            </Menu.Item>
          )}
          {isOfForm(run.task) && (
            <Menu.Item
              leftSection={<IconCopy {...icon} />}
              onClick={() => navigate({ to: '/experiments/new', search: { from: id } })}
            >
              New run with changes
            </Menu.Item>
          )}
          {!isOpen && !isBaseline && (
            <Menu.Item
              leftSection={<IconBookmark {...icon} />}
              onClick={async () => notifyOf(await approveBaseline({ input: { runId: id } }), 'It is the baseline now.')}
            >
              Approve as baseline
            </Menu.Item>
          )}
          {!isOpen && (
            <>
              <Menu.Divider />
              <Menu.Item color="red" leftSection={<IconTrash {...icon} />} onClick={deleteModal.open}>
                Delete…
              </Menu.Item>
            </>
          )}
        </Menu.Dropdown>
      </Menu>
      <Modal opened={settings} onClose={settingsModal.close} title="Change how it is executed" size="sm">
        <Suspense fallback={null}>
          <RunLimits run={run} onDone={settingsModal.close} />
        </Suspense>
      </Modal>
      <Modal opened={asking} onClose={deleteModal.close} title={`Delete “${titleOfRun(run.name)}”?`} size="sm">
        <Stack>
          <Text size="sm">
            Its {plural(progress.total, 'item')} and all scores are deleted too. This cannot be undone.
          </Text>
          <Button
            color="red"
            onClick={async () => {
              if (notifyOf(await deleteRun({ input }), 'The run was deleted.')) await navigate({ to: '/' })
            }}
          >
            Delete the run
          </Button>
        </Stack>
      </Modal>
    </>
  )
}
