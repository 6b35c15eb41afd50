/** What can be done with a run in its state. */
import { ActionIcon, Button, Menu, Modal, Stack, Text } from '@mantine/core'
import { useDisclosure } from '@mantine/hooks'
import {
  IconBookmark,
  IconCopy,
  IconDotsVertical,
  IconGauge,
  IconGavel,
  IconPlayerPlay,
  IconPlayerStop,
  IconReload,
  IconTrash,
  IconUserCheck,
  IconUsers,
} from '@tabler/icons-react'
import { useNavigate } from '@tanstack/react-router'
import { lazy, memo, Suspense } from 'react'
import { useMutation } from 'urql'
import { plural } from '../../components/number-format.ts'
import { titleOfRun } from '../../components/run-name.ts'
import { notifyOf } from '../../data/mutate.ts'
import { graphql } from '../../gql/gql.ts'
import { isOfForm } from '../experiments/task-summary.ts'
import type { RunPageRun } from './run-query.ts'

const RunLimits = lazy(() => import('./run-limits.tsx'))
const ScoreAgain = lazy(() => import('./score-again.tsx'))

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
const retryScores = graphql(`
  mutation RetryFailedScores($input: RetryFailedScoresInput!) {
    retryFailedScores(input: $input) {
      ... on RetryFailedScoresPayload { run { ...RunSummary } }
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

/** What of a run its actions depend on: not what changes with every item. */
interface ActedRun extends Pick<RunPageRun, 'id' | 'name' | 'status' | 'dataset' | 'task' | 'settings'> {
  /** 0 while it executes. */
  failed: number
  failedScores: number
  isRescored: boolean
  total: number
  hasOutputs: boolean
}

export const RunActions = memo(function RunActions({ run }: { run: ActedRun }) {
  const { id, status, failed, failedScores, isRescored, total, hasOutputs } = run
  const navigate = useNavigate()
  const [cancelling, cancelRun] = useMutation(cancel)
  const [resuming, resumeRun] = useMutation(resume)
  const [retrying, retryFailed] = useMutation(retry)
  const [rescoring, retryFailedScores] = useMutation(retryScores)
  const [, approveBaseline] = useMutation(approve)
  const [, deleteRun] = useMutation(remove)
  const [settings, settingsModal] = useDisclosure(false)
  const [asking, deleteModal] = useDisclosure(false)
  const [scoring, scoreModal] = useDisclosure(false)
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
      {failed > 0 && (
        <Button
          variant="default"
          leftSection={<IconReload {...icon} />}
          loading={retrying.fetching}
          onClick={async () => notifyOf(await retryFailed({ input }))}
        >
          Retry {plural(failed, 'failed item')}
        </Button>
      )}
      {failedScores > 0 && (
        <Button
          variant="default"
          leftSection={<IconReload {...icon} />}
          loading={rescoring.fetching}
          onClick={async () => notifyOf(await retryFailedScores({ input }))}
        >
          Retry {plural(failedScores, 'failed score')}
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
          {hasOutputs && (
            <Menu.Item
              leftSection={<IconUserCheck {...icon} />}
              onClick={() => navigate({ to: '/runs/$runId/review', params: { runId: id }, search: {} })}
            >
              Review the outputs
            </Menu.Item>
          )}
          {!isOpen && hasOutputs && !isRescored && (
            <Menu.Item leftSection={<IconGavel {...icon} />} onClick={scoreModal.open}>
              Score the outputs again…
            </Menu.Item>
          )}
          {hasOutputs && (
            <Menu.Item
              leftSection={<IconUsers {...icon} />}
              onClick={() => navigate({ to: '/review/new', search: { run: id } })}
            >
              New review queue
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
      <Modal opened={scoring} onClose={scoreModal.close} title="Score the outputs again">
        <Suspense fallback={null}>
          <ScoreAgain runId={id} onDone={scoreModal.close} />
        </Suspense>
      </Modal>
      <Modal opened={asking} onClose={deleteModal.close} title={`Delete “${titleOfRun(run.name)}”?`} size="sm">
        <Stack>
          <Text size="sm">Its {plural(total, 'item')} and all scores are deleted too. This cannot be undone.</Text>
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
})
