/** Compares the schema with that of the last release. docs/graphql.md has the policy. */
import { type Change, CriticalityLevel, DiffRule, diff } from '@graphql-inspector/core'
import { buildSchema } from 'graphql'

/** What the policy is checked against. */
export interface Release {
  /** The SDL of the last release; before the first one, of its candidate. */
  released: string
  /** The SDL as it is now. */
  current: string
  /** The version of the package. */
  version: string
  /** docs/api-changes.md, which lists breaking changes by the inspector's message, as code. */
  listed: string
}

/**
 * @returns the breaking changes that are not allowed, a sentence each. Before version 1.0.0 every one that is listed is
 *   allowed; from then on also only the removal of what was deprecated in the release.
 */
export async function forbiddenChanges({ released, current, version, listed }: Release): Promise<string[]> {
  const [before, after] = [buildSchema(released), buildSchema(current)]
  const breaking = (await diff(before, after)).filter(isBreaking)
  const unlisted = breaking.filter(({ message }) => !listed.includes(`\`${message}\``)).map(({ message }) => message)
  if (version.startsWith('0.')) return unlisted.map((message) => `not listed in docs/api-changes.md: ${message}`)
  const undeprecated = (await diff(before, after, [DiffRule.suppressRemovalOfDeprecatedField])).filter(isBreaking)
  return [
    ...unlisted.map((message) => `not listed in docs/api-changes.md: ${message}`),
    ...undeprecated.map(({ message }) => `not deprecated in the release before: ${message}`),
  ]
}

function isBreaking({ criticality }: Change): boolean {
  return criticality.level === CriticalityLevel.Breaking
}
