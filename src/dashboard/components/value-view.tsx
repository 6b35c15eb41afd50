/** A value of an item as one reads it: text, a picture or sound, a conversation, or JSON. */
import classes from './value-view.module.css'

interface Props {
  value: unknown
  /** Shown for null. */
  nothing?: string
}

export function ValueView({ value, nothing = 'null' }: Props) {
  if (value === null || value === undefined) return <span className={classes.nothing}>{nothing}</span>
  if (typeof value === 'string') return <TextView text={value} />
  if (isConversation(value)) return <Conversation messages={value} />
  if (typeof value !== 'object') return <code className={classes.plain}>{String(value)}</code>
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: a region that scrolls must be reachable by keyboard
    <pre className={classes.json} tabIndex={0}>
      <Json value={value} indent="" />
    </pre>
  )
}

function TextView({ text }: { text: string }) {
  if (/^data:image\/(png|jpeg|gif|webp|avif);base64,/.test(text))
    return <img src={text} alt="" className={classes.media} />
  // biome-ignore lint/a11y/useMediaCaption: what a system returned has none
  if (/^data:audio\//.test(text)) return <audio controls src={text} className={classes.media} />
  return <div className={classes.text}>{text}</div>
}

interface Message {
  role: string
  content: unknown
}

function isConversation(value: unknown): value is Message[] {
  return (
    Array.isArray(value) &&
    value.length > 0 &&
    value.every(
      (part) => typeof part === 'object' && part !== null && typeof part.role === 'string' && 'content' in part,
    )
  )
}

function Conversation({ messages }: { messages: readonly Message[] }) {
  return (
    <ol className={classes.conversation}>
      {messages.map(({ role, content, ...rest }, index) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: messages have no other identity and never move
        <li key={index} className={classes.message} data-role={role}>
          <span className={classes.role}>{role}</span>
          <ValueView value={content} nothing="" />
          {Object.keys(rest).length > 0 && <ValueView value={rest} />}
        </li>
      ))}
    </ol>
  )
}

/** JSON with its parts told apart by colour, as wide as it needs. */
function Json({ value, indent }: { value: unknown; indent: string }) {
  if (typeof value === 'string') return <span className={classes.string}>{JSON.stringify(value)}</span>
  if (typeof value !== 'object' || value === null) return <span className={classes.literal}>{String(value)}</span>
  const isList = Array.isArray(value)
  const entries = Object.entries(value)
  if (entries.length === 0) return isList ? '[]' : '{}'
  const inner = `${indent}  `
  return (
    <>
      {isList ? '[' : '{'}
      {entries.map(([key, part], index) => (
        <span key={key}>
          {`\n${inner}`}
          {!isList && (
            <>
              <span className={classes.key}>{JSON.stringify(key)}</span>
              {': '}
            </>
          )}
          <Json value={part} indent={inner} />
          {index < entries.length - 1 && ','}
        </span>
      ))}
      {`\n${indent}`}
      {isList ? ']' : '}'}
    </>
  )
}
