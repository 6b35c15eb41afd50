/** Messages from the first to the last, with what was called and what came back. */
import { IconTool } from '@tabler/icons-react'
import clsx from 'clsx'
import { AttachmentView } from './attachment-view.tsx'
import { type ContentPart, callsOf, type Message, partsOf, type ToolCall } from './content-parts.ts'
import { JsonView } from './json-view.tsx'
import { MediaView } from './media-view.tsx'
import { TextView } from './text-view.tsx'
import classes from './value-view.module.css'

export function Conversation({ messages }: { messages: readonly Message[] }) {
  return (
    <ol className={classes.conversation}>
      {messages.map((message, index) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: messages have no other identity and never move
        <li key={index} className={classes.message} data-role={message.role}>
          <span className={classes.role}>{message.role}</span>
          {partsOf(message).map((part, place) => (
            // biome-ignore lint/suspicious/noArrayIndexKey: as above
            <Part key={place} part={part} />
          ))}
          {callsOf(message).map((call, place) => (
            // biome-ignore lint/suspicious/noArrayIndexKey: as above
            <Call key={place} call={call} />
          ))}
        </li>
      ))}
    </ol>
  )
}

function Part({ part }: { part: ContentPart }) {
  switch (part.kind) {
    case 'TEXT':
      return <TextView text={part.text} />
    case 'FILE':
      return <AttachmentView id={part.id} />
    case 'MEDIA':
      return <MediaView {...part} />
    case 'CALL':
      return <Call call={part.call} />
    case 'RESULT':
      return (
        <div className={clsx(part.failed && classes.failed)}>
          <span className={classes.tool}>
            <IconTool size={13} aria-hidden /> {part.name ?? 'tool'} {part.failed ? 'failed' : 'returned'}
          </span>
          <Content value={part.value} />
        </div>
      )
    default:
      return <JsonView value={part.value} />
  }
}

function Call({ call }: { call: ToolCall }) {
  return (
    <div className={classes.call}>
      <span className={classes.tool}>
        <IconTool size={13} aria-hidden /> calls {call.name}
      </span>
      <Content value={call.arguments} />
    </div>
  )
}

function Content({ value }: { value: unknown }) {
  if (value === undefined || value === null) return <span className={classes.nothing}>nothing</span>
  return typeof value === 'string' ? <TextView text={value} /> : <JsonView value={value} />
}
