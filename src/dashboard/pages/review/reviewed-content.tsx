/** What a reviewer sees of an item beside what is scored: its input, what is expected, its metadata. */
import { IconExternalLink } from '@tabler/icons-react'
import type { ReactNode } from 'react'
import frame from '../../components/item-frame.module.css'
import { ValueView } from '../../components/value-view.tsx'
import { useFileAddress } from '../../data/project.ts'
import classes from './review.module.css'
import type { ReviewedItem } from './review-query.ts'

/** @param children the output, or outputs */
export function ReviewedContent({ item, children }: { item: ReviewedItem; children: ReactNode }) {
  const { metadata, tags } = item.revision
  return (
    <div className={frame.detail}>
      <section aria-label="Input">
        <h2>Input</h2>
        <ValueView value={item.input} />
      </section>
      {item.expectedOutput !== null && (
        <section aria-label="Expected output">
          <h2>Expected</h2>
          <ValueView value={item.expectedOutput} />
        </section>
      )}
      {children}
      {(metadata !== null || tags.length > 0) && (
        <section aria-label="Metadata">
          <h2>Metadata</h2>
          {tags.length > 0 && <p className={frame.faint}>Tags: {tags.join(', ')}</p>}
          {metadata !== null && <ValueView value={metadata} />}
        </section>
      )}
      {item.traceUrl && (
        <a href={item.traceUrl} target="_blank" rel="noreferrer">
          Trace <IconExternalLink size={13} aria-label="opens in a new tab" />
        </a>
      )}
    </div>
  )
}

/** An output that is scored. */
export function ReviewedValue({
  name,
  item,
}: {
  name: string
  item: Pick<ReviewedItem, 'id' | 'output' | 'outputTruncated'>
}) {
  const fileAddress = useFileAddress()
  return (
    <section aria-label={name} className={classes.output}>
      <h2>{name}</h2>
      <ValueView value={item.output} truncated={item.outputTruncated} />
      {item.outputTruncated && (
        <a href={fileAddress(`/output/${item.id}`)} download>
          Download the whole output
        </a>
      )}
    </section>
  )
}
