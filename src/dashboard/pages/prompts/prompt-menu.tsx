/** What is seldom done with a prompt: rename, describe, archive, delete. */
import { ActionIcon, Button, Menu, Modal, Stack, Text } from '@mantine/core'
import { useDisclosure } from '@mantine/hooks'
import { IconArchive, IconArchiveOff, IconDotsVertical, IconPencil, IconTrash } from '@tabler/icons-react'
import { useNavigate } from '@tanstack/react-router'
import { useMutation } from 'urql'
import { NameForm } from '../../components/name-form.tsx'
import { notifyOf, problemOf } from '../../data/mutate.ts'
import { archivePrompt, deletePrompt, type PromptOfPage, restorePrompt, updatePrompt } from './prompt-query.ts'

const icon = { size: 16, 'aria-hidden': true } as const

export function PromptMenu({ prompt, onChanged }: { prompt: PromptOfPage; onChanged: () => void }) {
  const { id, name, description, archivedAt } = prompt
  const [editing, edit] = useDisclosure(false)
  const [asking, ask] = useDisclosure(false)
  const [, update] = useMutation(updatePrompt)
  const [, archive] = useMutation(archivePrompt)
  const [, restore] = useMutation(restorePrompt)
  const [deleting, remove] = useMutation(deletePrompt)
  const navigate = useNavigate()
  return (
    <>
      <Menu position="bottom-end" width={220}>
        <Menu.Target>
          <ActionIcon variant="default" size={36} aria-label="More about this prompt">
            <IconDotsVertical size={17} />
          </ActionIcon>
        </Menu.Target>
        <Menu.Dropdown>
          {!archivedAt && (
            <Menu.Item leftSection={<IconPencil {...icon} />} onClick={edit.open}>
              Name and description…
            </Menu.Item>
          )}
          <Menu.Item
            leftSection={archivedAt ? <IconArchiveOff {...icon} /> : <IconArchive {...icon} />}
            onClick={async () => {
              const result = archivedAt ? await restore({ input: { id } }) : await archive({ input: { id } })
              if (notifyOf(result, archivedAt ? 'It is back in the lists.' : 'It is archived.')) onChanged()
            }}
          >
            {archivedAt ? 'Take out of the archive' : 'Archive'}
          </Menu.Item>
          <Menu.Divider />
          <Menu.Item color="red" leftSection={<IconTrash {...icon} />} onClick={ask.open}>
            Delete…
          </Menu.Item>
        </Menu.Dropdown>
      </Menu>
      <Modal opened={editing} onClose={edit.close} title="Name and description">
        <NameForm
          name={name}
          description={description ?? ''}
          nameHint="A / makes groups: support/answer"
          action="Save"
          onSubmit={async (changes) => {
            const refusal = problemOf(await update({ input: { id, ...changes } }))
            if (refusal) return refusal.message
            edit.close()
            onChanged()
            return null
          }}
        />
      </Modal>
      <Modal opened={asking} onClose={ask.close} title={`Delete “${name}”?`}>
        <Stack>
          <Text size="sm">
            All its versions are deleted. Runs keep the content that they were started with. While an experiment refers
            to it, it cannot be deleted; archive it instead.
          </Text>
          <Button
            color="red"
            loading={deleting.fetching}
            onClick={async () => {
              if (notifyOf(await remove({ input: { id } }), 'The prompt was deleted.'))
                await navigate({ to: '/prompts', search: {} })
            }}
          >
            Delete the prompt
          </Button>
        </Stack>
      </Modal>
    </>
  )
}
