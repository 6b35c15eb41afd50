/** What a prompt becomes for an item, as it is typed, and what a model answers when it is asked to. */
import { Alert, Button, Group, Text } from '@mantine/core'
import { useDebouncedValue } from '@mantine/hooks'
import { IconBolt } from '@tabler/icons-react'
import { useEffect, useState } from 'react'
import { useMutation } from 'urql'
import { formatCost, formatCount, formatDuration } from '../../../components/number-format.ts'
import { ValueView } from '../../../components/value-view.tsx'
import { problemOf } from '../../../data/mutate.ts'
import type { PromptCallInput, PromptReferenceInput } from '../../../gql/graphql.ts'
import { ItemStepper } from './item-stepper.tsx'
import { previewPrompt } from './preview-query.ts'
import classes from './prompt-preview.module.css'
import { type Preview, RenderedMessages } from './rendered-messages.tsx'
import type { ItemToTry } from './use-item-to-try.ts'

interface Props {
  /** Null while it cannot be rendered, such as without a message. */
  prompt: PromptReferenceInput | null
  tried: ItemToTry
  /** Null: no model is chosen yet. */
  call: PromptCallInput | null
  /** Shown while there is no item to try it on. */
  withoutItem: string
}

export function PromptPreview({ prompt, tried, call, withoutItem }: Props) {
  const { item } = tried
  const [, preview] = useMutation(previewPrompt)
  const [calling, callModel] = useMutation(previewPrompt)
  const [rendered, setRendered] = useState<Preview | string | null>(null)
  const [answered, setAnswered] = useState<{ of: string; preview: Preview | string } | null>(null)
  const itemId = item?.item.id ?? null
  const asked = prompt === null || itemId === null ? null : JSON.stringify({ prompt, itemId })
  const [settled] = useDebouncedValue(asked, 350)

  useEffect(() => {
    if (settled === null) return setRendered(null)
    let isOld = false
    void preview({ input: JSON.parse(settled) }).then((result) => {
      if (!isOld) setRendered(previewOf(result))
    })
    return () => {
      isOld = true
    }
  }, [settled, preview])

  async function ask() {
    if (asked === null || call === null) return
    const result = await callModel({ input: { ...JSON.parse(asked), call } })
    setAnswered({ of: asked, preview: previewOf(result) ?? 'There is no answer.' })
  }

  return (
    <section className={classes.preview} aria-label="Preview">
      <Group justify="space-between" gap="xs">
        <ItemStepper of={tried} />
        <Button
          size="xs"
          variant="default"
          leftSection={<IconBolt size={15} aria-hidden />}
          loading={calling.fetching}
          disabled={asked === null || call === null}
          onClick={ask}
        >
          Call the model
        </Button>
      </Group>
      {item === null && (
        <Text size="sm" c="dimmed">
          {withoutItem}
        </Text>
      )}
      {item !== null && prompt === null && (
        <Text size="sm" c="dimmed">
          Write a message to see what the model gets.
        </Text>
      )}
      {typeof rendered === 'string' && (
        <Text size="sm" c="var(--warn)">
          {rendered}
        </Text>
      )}
      {rendered !== null && typeof rendered !== 'string' && (
        <>
          {rendered.error && (
            <Alert color="red" title={wordOf(rendered.error.code)}>
              {rendered.error.message}
            </Alert>
          )}
          <RenderedMessages messages={rendered.messages} />
        </>
      )}
      <div role="status" className={classes.answer}>
        {answered !== null && <Answered isOld={answered.of !== asked} preview={answered.preview} />}
      </div>
    </section>
  )
}

function Answered({ preview, isOld }: { preview: Preview | string; isOld: boolean }) {
  if (typeof preview === 'string') return <Alert color="red">{preview}</Alert>
  const { answer, error } = preview
  if (error) {
    return (
      <Alert color="red" title={wordOf(error.code)}>
        {error.message}
      </Alert>
    )
  }
  if (!answer) return null
  const { output, latencyMs, costUsd, inputTokens, outputTokens, generation } = answer
  const tokens = (count: number | null | undefined) => (count == null ? 'unknown' : formatCount(count))
  return (
    <div data-old={isOld} className={classes.answered}>
      <Text size="xs" c="dimmed" mb={6}>
        {isOld ? 'An answer to what was there before, after ' : 'The answer, after '}
        {formatDuration(latencyMs)} · {costUsd == null ? 'cost unknown' : formatCost(costUsd)} · tokens{' '}
        {tokens(inputTokens)} in, {tokens(outputTokens)} out
        {generation && generation.steps > 1 && ` · ${generation.steps} calls`}
        {generation?.finishReason === 'LENGTH' && ' · cut off: it reached the most tokens allowed'}
      </Text>
      <ValueView value={output} />
      {generation?.warnings.map((warning) => (
        <Text key={warning} size="xs" c="var(--warn)" mt={4}>
          {warning}
        </Text>
      ))}
    </div>
  )
}

function previewOf(result: Parameters<typeof problemOf>[0] & { data?: { previewPrompt: object } | null }) {
  const problem = problemOf(result)
  if (problem) return refusalOf(problem)
  const outcome = result.data?.previewPrompt
  return outcome && 'messages' in outcome ? (outcome as Preview) : null
}

/** Which message it is about, in place of the path that the server's sentence begins with. */
function refusalOf({ message, path }: NonNullable<ReturnType<typeof problemOf>>): string {
  const index = path?.[path.indexOf('messages') + 1]
  const about = path?.includes('messages') && index !== undefined ? `Message ${Number(index) + 1}: ` : ''
  const at = `${path?.filter((part) => part !== 'input').join('.')}: `
  return `${about}${message.startsWith(at) ? message.slice(at.length) : message}`
}

function wordOf(code: string): string {
  const words = code.toLowerCase().replaceAll('_', ' ')
  return words.charAt(0).toUpperCase() + words.slice(1)
}
