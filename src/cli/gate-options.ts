import { type Command, Option } from 'commander'
import { parseGateRules } from './gate-rules.ts'
import type { GateInput } from './gql/graphql.ts'

export interface GateOptions {
  baseline?: string
  gate?: string[]
}

/** Adds what decides whether a run is good enough. */
export function withGateOptions(command: Command): Command {
  return command
    .addOption(
      new Option(
        '--baseline <run>',
        'compare with this run; "approved": that of the dataset (default: the approved one, if there is one)',
      ),
    )
    .addOption(
      new Option(
        '--gate <rule>',
        'require this, in place of the gate of the experiment; may be repeated (`assay gate --help` has the notation)',
      ).argParser((rule: string, before: string[] = []) => [...before, rule]),
    )
}

/** The gate of the options; undefined: that of the experiment. @throws {UsageError} a rule that cannot be read */
export function gateOf({ gate }: GateOptions): GateInput | undefined {
  return gate === undefined ? undefined : parseGateRules(gate)
}
