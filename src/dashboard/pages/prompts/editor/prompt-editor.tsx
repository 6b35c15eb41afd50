/** Edits what a prompt consists of: messages with the names of an item, structured output, tools and parameters. */
import { ActionIcon, Button, Collapse, Group, NumberInput, Select, Text, Textarea, Tooltip } from '@mantine/core'
import { IconArrowDown, IconArrowUp, IconPlus, IconTrash } from '@tabler/icons-react'
import { useRef, useState } from 'react'
import type { PromptRole } from '../../../gql/graphql.ts'
import type { Variable } from './item-variables.ts'
import { ParameterFields } from './parameter-fields.tsx'
import { type DraftProblems, type MessageDraft, messageDraft, type PromptDraft } from './prompt-draft.ts'
import classes from './prompt-editor.module.css'
import { type TemplateHandle, TemplateInput } from './template-input.tsx'

interface Props {
  draft: PromptDraft
  problems: DraftProblems
  /** Of the item that it is tried on; none when there is no item. */
  variables: readonly Variable[]
  onChange: (draft: PromptDraft) => void
}

const roles: { value: PromptRole; label: string }[] = [
  { value: 'SYSTEM', label: 'System' },
  { value: 'USER', label: 'User' },
  { value: 'ASSISTANT', label: 'Assistant' },
]
const placeholders: Record<PromptRole, string> = {
  SYSTEM: 'What the model is to do, such as: Answer in one sentence.',
  USER: 'What it is asked. Type {{ to insert a name of the item.',
  ASSISTANT: 'What it answered, as an example.',
}
const toolsPlaceholder = '[{ "name": "lookup", "description": "…", "inputSchema": { "type": "object" } }]'

export function PromptEditor({ draft, problems, variables, onChange }: Props) {
  const { messages } = draft
  const handles = useRef(new Map<number, TemplateHandle>())
  const focused = useRef<number | null>(null)
  const set = (now: Partial<PromptDraft>) => onChange({ ...draft, ...now })
  const setMessage = (key: number, now: Partial<MessageDraft>) =>
    set({ messages: messages.map((message) => (message.key === key ? { ...message, ...now } : message)) })
  const move = (index: number, by: number) => {
    const moved = [...messages]
    moved.splice(index + by, 0, ...moved.splice(index, 1))
    set({ messages: moved })
  }
  const insert = (name: string) => {
    const key = messages.find((message) => message.key === focused.current)?.key ?? messages.at(-1)?.key
    if (key !== undefined) handles.current.get(key)?.insert(name)
  }

  return (
    <div className={classes.editor}>
      <ol className={classes.messages} aria-label="Messages">
        {messages.map(({ key, role, content }, index) => (
          <li key={key} className={classes.message} data-role={role}>
            <div className={classes.messageHead}>
              <Select
                aria-label={`Role of message ${index + 1}`}
                size="xs"
                w={116}
                variant="unstyled"
                className={classes.role}
                data={roles}
                allowDeselect={false}
                value={role}
                onChange={(chosen) => chosen && setMessage(key, { role: chosen as PromptRole })}
              />
              <Group gap={2}>
                <MessageAction
                  label={`Move message ${index + 1} up`}
                  disabled={index === 0}
                  onClick={() => move(index, -1)}
                >
                  <IconArrowUp size={15} />
                </MessageAction>
                <MessageAction
                  label={`Move message ${index + 1} down`}
                  disabled={index === messages.length - 1}
                  onClick={() => move(index, 1)}
                >
                  <IconArrowDown size={15} />
                </MessageAction>
                <MessageAction
                  label={`Remove message ${index + 1}`}
                  disabled={messages.length === 1}
                  onClick={() => set({ messages: messages.filter((message) => message.key !== key) })}
                >
                  <IconTrash size={15} />
                </MessageAction>
              </Group>
            </div>
            <TemplateInput
              label={`Message ${index + 1}`}
              value={content}
              variables={variables}
              placeholder={placeholders[role]}
              error={problems[`messages.${index}`]}
              handle={(handle) => {
                if (handle) handles.current.set(key, handle)
                else handles.current.delete(key)
              }}
              onChange={(text) => setMessage(key, { content: text })}
              onFocus={() => {
                focused.current = key
              }}
            />
          </li>
        ))}
      </ol>
      <Group gap="xs" justify="space-between" align="flex-start">
        <Button
          size="compact-sm"
          variant="default"
          leftSection={<IconPlus size={14} aria-hidden />}
          onClick={() =>
            set({ messages: [...messages, messageDraft(messages.at(-1)?.role === 'USER' ? 'ASSISTANT' : 'USER')] })
          }
        >
          Add a message
        </Button>
        {variables.length > 0 && <Names variables={variables} onInsert={insert} />}
      </Group>
      <Section title="Parameters" startsOpen={hasParameters(draft)}>
        <ParameterFields
          parameters={draft.parameters}
          problems={problems}
          onChange={(parameters) => set({ parameters })}
        />
      </Section>
      <Section title="Structured output" startsOpen={draft.outputSchema !== '' || problems.outputSchema !== undefined}>
        <Textarea
          label="JSON Schema of the answer"
          description="The output is JSON that satisfies it. Empty: the output is the text of the answer."
          placeholder={'{ "type": "object", "properties": { "label": { "enum": ["a", "b"] } }, "required": ["label"] }'}
          autosize
          minRows={3}
          maxRows={20}
          classNames={{ input: classes.code }}
          spellCheck={false}
          value={draft.outputSchema}
          error={problems.outputSchema}
          onChange={(event) => set({ outputSchema: event.currentTarget.value })}
        />
      </Section>
      <Section title="Tools" startsOpen={draft.tools !== '' || problems.tools !== undefined}>
        <Textarea
          label="Tools that the model may call"
          description={
            'A JSON list. With "function": { "module": "name" } or { "http": { "url": … } } they are called, else their calls are recorded and end the conversation.'
          }
          placeholder={toolsPlaceholder}
          autosize
          minRows={3}
          maxRows={24}
          classNames={{ input: classes.code }}
          spellCheck={false}
          value={draft.tools}
          error={problems.tools}
          onChange={(event) => set({ tools: event.currentTarget.value })}
        />
        <NumberInput
          label="Calls of the model at most"
          placeholder="5"
          mt="sm"
          w={220}
          min={1}
          max={100}
          allowDecimal={false}
          value={draft.maxSteps}
          error={problems.maxSteps}
          onChange={(maxSteps) => set({ maxSteps })}
        />
      </Section>
    </div>
  )
}

interface ActionProps {
  label: string
  disabled: boolean
  onClick: () => void
  children: React.ReactNode
}

function MessageAction({ label, disabled, onClick, children }: ActionProps) {
  return (
    <Tooltip label={label}>
      <ActionIcon variant="subtle" color="gray" size="sm" aria-label={label} disabled={disabled} onClick={onClick}>
        {children}
      </ActionIcon>
    </Tooltip>
  )
}

/** What the item has, to be inserted by a click. */
function Names({ variables, onInsert }: { variables: readonly Variable[]; onInsert: (name: string) => void }) {
  const shown = variables.slice(0, 12)
  return (
    <Group gap={6} role="group" aria-label="Insert a name of the item">
      <Text size="xs" c="dimmed">
        Insert
      </Text>
      {shown.map(({ name, sample }) => (
        <Tooltip key={name} label={sample} openDelay={500}>
          <button
            type="button"
            className={classes.name}
            aria-label={`Insert ${name}`}
            onMouseDown={(event) => event.preventDefault()}
            onClick={() => onInsert(name)}
          >
            {name}
          </button>
        </Tooltip>
      ))}
    </Group>
  )
}

interface SectionProps {
  title: string
  startsOpen: boolean
  children: React.ReactNode
}

function Section({ title, startsOpen, children }: SectionProps) {
  const [toggled, setToggled] = useState<boolean | null>(null)
  const opened = toggled ?? startsOpen
  return (
    <section className={classes.section}>
      <button type="button" className={classes.toggle} aria-expanded={opened} onClick={() => setToggled(!opened)}>
        <span className={classes.chevron} aria-hidden data-opened={opened}>
          ›
        </span>
        {title}
      </button>
      <Collapse expanded={opened}>
        <div className={classes.sectionBody}>{children}</div>
      </Collapse>
    </section>
  )
}

function hasParameters({ parameters }: PromptDraft): boolean {
  return Object.values(parameters).some((value) => (Array.isArray(value) ? value.length > 0 : value !== ''))
}
