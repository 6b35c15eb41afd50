/** A value of an item as one reads it: text, Markdown, a picture or sound, a conversation, or JSON. */
import { AttachmentView } from './value/attachment-view.tsx'
import { isConversation, isTrajectory, mediaIn, partOf } from './value/content-parts.ts'
import { Conversation } from './value/conversation.tsx'
import { JsonView } from './value/json-view.tsx'
import { MediaView } from './value/media-view.tsx'
import { TextView } from './value/text-view.tsx'
import classes from './value/value-view.module.css'

interface Props {
  value: unknown
  /** Shown for null. */
  nothing?: string
  /** The beginning of a longer text: nothing is made of it. */
  truncated?: boolean
}

export function ValueView({ value, nothing = 'null', truncated = false }: Props) {
  if (value === null || value === undefined) return <span className={classes.nothing}>{nothing}</span>
  if (typeof value === 'string')
    return truncated ? <div className={classes.text}>{value}</div> : <TextView text={value} />
  if (isConversation(value)) return <Conversation messages={value} />
  if (isTrajectory(value)) {
    return (
      <>
        <ValueView value={value.answer} />
        <details className={classes.trajectory} open>
          <summary>How it came to the answer</summary>
          <Conversation messages={value.trajectory} />
        </details>
      </>
    )
  }
  if (typeof value !== 'object') return <code className={classes.plain}>{String(value)}</code>
  const part = partOf(value)
  if (part.kind === 'FILE') return <AttachmentView id={part.id} />
  if (part.kind === 'MEDIA') return <MediaView {...part} />
  return (
    <>
      <JsonView value={value} />
      <Media of={value} />
    </>
  )
}

/** The pictures, sounds and files somewhere in JSON, below it. */
function Media({ of }: { of: object }) {
  const found = mediaIn(of)
  if (found.length === 0) return null
  return (
    <ul className={classes.gallery} aria-label="Files in this value">
      {found.map(({ path, part }) => (
        <li key={path}>
          <span className={classes.role}>{path}</span>
          {part.kind === 'FILE' ? <AttachmentView id={part.id} /> : <MediaView {...part} />}
        </li>
      ))}
    </ul>
  )
}
