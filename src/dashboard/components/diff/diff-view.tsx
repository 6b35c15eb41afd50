/** Two values with what was removed and added; long ones are compared outside of the page's own thread. */
import { useEffect, useState } from 'react'
import classes from './diff-view.module.css'
import { type DiffPart, diffTexts } from './text-diff.ts'

/** Characters of both texts together that are compared at once. */
const maxDirectLength = 20_000

export default function DiffView({ before, after }: { before: unknown; after: unknown }) {
  const parts = useDiff(textOf(before), textOf(after))
  if (parts === null) return <p className={classes.waiting}>Comparing…</p>
  return (
    <div className={classes.diff}>
      {parts.map(({ side, text }, index) => {
        // biome-ignore lint/suspicious/noArrayIndexKey: parts have no other identity and never move
        if (side === 'BOTH') return <span key={index}>{text}</span>
        const Element = side === 'AFTER' ? 'ins' : 'del'
        // biome-ignore lint/suspicious/noArrayIndexKey: as above
        return <Element key={index}>{text}</Element>
      })}
    </div>
  )
}

function useDiff(before: string, after: string): DiffPart[] | null {
  const isLong = before.length + after.length > maxDirectLength
  const [found, setFound] = useState<DiffPart[] | null>(null)
  useEffect(() => {
    if (!isLong) return
    setFound(null)
    const worker = new Worker(new URL('./diff-worker.ts', import.meta.url), { type: 'module' })
    worker.addEventListener('message', ({ data }: MessageEvent<DiffPart[]>) => setFound(data))
    worker.postMessage({ before, after })
    return () => worker.terminate()
  }, [isLong, before, after])
  return isLong ? found : diffTexts(before, after)
}

function textOf(value: unknown): string {
  if (value === null || value === undefined) return ''
  return typeof value === 'string' ? value : JSON.stringify(value, null, 2)
}
