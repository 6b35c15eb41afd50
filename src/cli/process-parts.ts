import type { Listener } from '../db/listener.ts'
import type { RunChanges } from '../db/run-changes.ts'
import type { Services } from '../engine/services.ts'

/** What the parts of a process are made from. */
export interface Part {
  services: Services
  listener: Listener
  changes: RunChanges
  /** What is to be stopped, in reverse order. */
  stops: (() => unknown)[]
}
