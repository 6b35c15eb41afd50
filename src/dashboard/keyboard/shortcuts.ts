/**
 * The keys of the page that is shown. A component registers its keys while it is mounted; the innermost one that has a
 * key gets it. Keys are ignored while somebody types, and with Ctrl, Alt or Meta.
 */
import { useEffect, useEffectEvent, useSyncExternalStore } from 'react'

export interface Shortcut {
  /** As `KeyboardEvent.key`: `j`, `ArrowDown`, `Enter`, `?`. */
  key: string
  /** What it does, for the help: an infinitive without a full stop. */
  label: string
  /** Not in the help: another key for the same. */
  alias?: true
}

interface Registration {
  shortcuts: readonly Shortcut[]
  press(key: string, event: KeyboardEvent): void
}

let registrations: readonly Registration[] = []
const listeners = new Set<() => void>()

/**
 * @param shortcuts a constant, or memoised: a new list registers again
 * @param press gets the key, one of these
 */
export function useShortcuts(shortcuts: readonly Shortcut[], press: (key: string, event: KeyboardEvent) => void): void {
  const onPress = useEffectEvent(press)
  useEffect(() => {
    const registration: Registration = { shortcuts, press: (key, event) => onPress(key, event) }
    change([...registrations, registration])
    return () => change(registrations.filter((other) => other !== registration))
  }, [shortcuts])
}

/** Everything that a key does now, innermost first. */
export function useActiveShortcuts(): readonly Shortcut[] {
  const active = useSyncExternalStore(subscribe, () => registrations)
  const seen = new Set<string>()
  return active
    .toReversed()
    .flatMap(({ shortcuts }) => shortcuts)
    .filter(({ key, alias }) => {
      const isNew = !seen.has(key)
      seen.add(key)
      return isNew && !alias
    })
}

function handle(event: KeyboardEvent): void {
  if (event.defaultPrevented || event.ctrlKey || event.altKey || event.metaKey || isTyping(event.target)) return
  const owner = registrations.findLast(({ shortcuts }) => shortcuts.some(({ key }) => key === event.key))
  owner?.press(event.key, event)
}

function isTyping(target: EventTarget | null): boolean {
  return (
    target instanceof HTMLElement &&
    (target.isContentEditable || /^(INPUT|TEXTAREA|SELECT)$/.test(target.tagName) || target.role === 'option')
  )
}

function change(now: readonly Registration[]): void {
  if (registrations.length === 0) addEventListener('keydown', handle)
  if (now.length === 0) removeEventListener('keydown', handle)
  registrations = now
  for (const listener of listeners) listener()
}

function subscribe(listener: () => void): () => void {
  listeners.add(listener)
  return () => listeners.delete(listener)
}
