/** A text as what it is: a picture, an address, JSON or Markdown, or just a text; what is rendered can be seen as it is. */
import { lazy, Suspense, useMemo, useState } from 'react'
import { JsonView } from './json-view.tsx'
import { MediaView } from './media-view.tsx'
import { readText } from './read-text.ts'
import classes from './value-view.module.css'

const MarkdownView = lazy(() => import('./markdown-view.tsx'))

export function TextView({ text }: { text: string }) {
  const read = useMemo(() => readText(text), [text])
  const [raw, setRaw] = useState(false)
  const plain = <div className={classes.text}>{text}</div>
  if (read.kind === 'MEDIA') return <MediaView url={text} />
  if (read.kind === 'PLAIN') return plain
  return (
    <div className={classes.rendered}>
      <button type="button" className={classes.toggle} aria-pressed={raw} onClick={() => setRaw(!raw)} data-no-print>
        as text
      </button>
      {raw ? (
        plain
      ) : read.kind === 'JSON' ? (
        <JsonView value={read.value} />
      ) : (
        <Suspense fallback={plain}>
          <MarkdownView text={text} />
        </Suspense>
      )}
    </div>
  )
}
