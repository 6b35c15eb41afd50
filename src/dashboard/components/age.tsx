import { useSyncExternalStore } from 'react'
import { formatAge, formatMoment } from './number-format.ts'

let now = Date.now()

/** How long ago something was; the exact moment on hover. */
export function Age({ of }: { of: string }) {
  const current = useSyncExternalStore(everyHalfMinute, () => now)
  return (
    <time dateTime={of} title={formatMoment(of)}>
      {formatAge(of, Math.max(current, Date.parse(of)))}
    </time>
  )
}

function everyHalfMinute(listener: () => void): () => void {
  const timer = setInterval(() => {
    now = Date.now()
    listener()
  }, 30_000)
  return () => clearInterval(timer)
}
