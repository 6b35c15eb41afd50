/** What two contents of an item do not have in common. */
import { lazy, Suspense } from 'react'
import classes from './content-diff.module.css'

const DiffView = lazy(() => import('../../components/diff/diff-view.tsx'))

interface Content {
  input?: unknown
  expectedOutput?: unknown
  metadata?: unknown
  tags: readonly string[]
}

const parts = [
  ['input', 'Input'],
  ['expectedOutput', 'Expected output'],
  ['tags', 'Tags'],
  ['metadata', 'Metadata'],
] as const

export function ContentDiff({ before, after }: { before: Content | null; after: Content | null }) {
  const changed = parts.filter(
    ([part]) => JSON.stringify(before?.[part] ?? null) !== JSON.stringify(after?.[part] ?? null),
  )
  return (
    <div className={classes.parts}>
      {changed.map(([part, name]) => (
        <div key={part}>
          <div className={classes.name}>{name}</div>
          <Suspense fallback={<p className={classes.waiting}>Comparing…</p>}>
            <DiffView before={partOf(before, part)} after={partOf(after, part)} />
          </Suspense>
        </div>
      ))}
    </div>
  )
}

function partOf(content: Content | null, part: (typeof parts)[number][0]): unknown {
  const value = content?.[part]
  if (part !== 'tags') return value
  return content?.tags.join(', ')
}
