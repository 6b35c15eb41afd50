/** `assay complete`: completion of commands, options and their choices in a shell. */
import tab from '@bomb.sh/tab/commander'
import type { Command } from 'commander'

/** Adds the command to a program that has all others. */
export function addCompletion(program: Command): void {
  tab(program)
}
