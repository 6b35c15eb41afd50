import { describe, expect, test } from 'vitest'
import { forbiddenChanges } from '../../schema/breaking-changes.ts'

const released = `
  type Query { run(id: ID!): Run }
  type Run { id: ID!, cost: Float, seed: String @deprecated(reason: "Read \`schedule\`.") }
`
const check = (current: string, { listed = '', version = '0.1.0' } = {}) =>
  forbiddenChanges({ released, current, listed, version })

const withoutCost = released.replace('cost: Float, ', '')
const message = "Field 'cost' was removed from object type 'Run'"

test('what is added, described or deprecated breaks nobody', async () => {
  const grown = released
    .replace('cost: Float', '"What it cost." cost: Float @deprecated(reason: "Read `costUsd`."), costUsd: Float')
    .replace('run(id: ID!)', 'run(id: ID!, version: Int)')
  expect(await check(grown, { version: '1.2.0' })).toEqual([])
})

describe('before 1.0.0', () => {
  test('a breaking change is forbidden unless docs/api-changes.md lists it', async () => {
    expect(await check(withoutCost)).toEqual([`not listed in docs/api-changes.md: ${message}`])
    expect(await check(withoutCost, { listed: `- \`${message}\`: read \`costUsd\`.` })).toEqual([])
  })

  test('listing one change allows no other one', async () => {
    const listed = `- \`${message}\`: read \`costUsd\`.`
    const current = withoutCost.replace('run(id: ID!)', 'run(id: ID!, project: ID!)')
    expect(await check(current, { listed })).toEqual([expect.stringContaining("'project: ID!'")])
  })
})

describe('from 1.0.0 on', () => {
  test('only what was deprecated in the release may be removed', async () => {
    const listed = `- \`${message}\`\n- \`Field 'seed' (deprecated) was removed from object type 'Run'\``
    expect(await check(withoutCost, { listed, version: '1.0.0' })).toEqual([
      `not deprecated in the release before: ${message}`,
    ])
    const withoutSeed = released.replace(/, seed: String @.*(?= })/, '')
    expect(await check(withoutSeed, { listed, version: '1.0.0' })).toEqual([])
    expect(await check(withoutSeed, { version: '1.0.0' })).toHaveLength(1)
  })
})
