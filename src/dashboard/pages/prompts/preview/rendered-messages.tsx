import { ValueView } from '../../../components/value-view.tsx'
import { useFileAddress } from '../../../data/project.ts'
import type { PreviewPromptOfFormMutation } from '../../../gql/graphql.ts'
import classes from './prompt-preview.module.css'

export type Preview = Extract<PreviewPromptOfFormMutation['previewPrompt'], { messages: unknown }>
type Part = Preview['messages'][number]['parts'][number]

const names = { SYSTEM: 'System', USER: 'User', ASSISTANT: 'Assistant', TOOL: 'Tool' }

/** The messages as the model gets them. */
export function RenderedMessages({ messages }: { messages: Preview['messages'] }) {
  return (
    <ol className={classes.messages} aria-label="Rendered messages">
      {messages.map(({ role, parts }, index) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: messages have no other identity and never move
        <li key={index} className={classes.message} data-role={role}>
          <span className={classes.role}>{names[role]}</span>
          {parts.map((part, at) => (
            // biome-ignore lint/suspicious/noArrayIndexKey: as above
            <PartView key={at} part={part} />
          ))}
        </li>
      ))}
    </ol>
  )
}

function PartView({ part }: { part: Part }) {
  const address = useFileAddress()
  switch (part.__typename) {
    case 'TextPart':
      return <div className={classes.text}>{part.text}</div>
    case 'ToolCallPart':
      return <ValueView value={{ call: part.name, arguments: part.arguments }} />
    case 'ToolResultPart':
      return <ValueView value={{ result: part.name, output: part.output }} />
    case 'FilePart': {
      const { attachment, url } = part
      const name = part.filename ?? attachment?.filename ?? 'A file'
      const type = part.mediaType ?? attachment?.mediaType ?? ''
      const own = attachment ? address(new URL(attachment.url, location.href).pathname) : null
      // Pages load nothing from elsewhere: an address of the web is shown, not loaded.
      const source = own ?? (url?.startsWith('data:') ? url : null)
      const isImage = type.startsWith('image/') || source?.startsWith('data:image/')
      if (source !== null && isImage) return <img src={source} alt={name} className={classes.image} />
      return <span className={classes.file}>{own === null && url ? url.slice(0, 200) : `${name} ${type}`}</span>
    }
  }
}
