/** What `assay doctor` finds out. */
export interface Finding {
  /** What was looked at. */
  name: string
  /** SKIPPED: it could not be looked at, because of another problem. */
  result: 'OK' | 'WARNING' | 'PROBLEM' | 'SKIPPED'
  /** What was found and, unless it is well, what to do. */
  message: string
}

export const ok = (name: string, message: string): Finding => ({ name, result: 'OK', message })
export const warning = (name: string, message: string): Finding => ({ name, result: 'WARNING', message })
export const problem = (name: string, message: string): Finding => ({ name, result: 'PROBLEM', message })
export const skipped = (name: string, message: string): Finding => ({ name, result: 'SKIPPED', message })
