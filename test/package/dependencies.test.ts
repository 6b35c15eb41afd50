/** What a project installs with the package: exact versions, permissive licences, and nothing that only a build needs. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { root } from '../helpers/spawn-assay.ts'
import { readImports } from '../imports/graph.ts'
import { forbidden, maxPackages } from './expectations.ts'

interface Manifest {
  dependencies: Record<string, string>
  devDependencies: Record<string, string>
  optionalDependencies: Record<string, string>
}

interface Locked {
  version: string
  license?: string
  os?: string[]
  cpu?: string[]
  dependencies?: Record<string, string>
  optionalDependencies?: Record<string, string>
  peerDependencies?: Record<string, string>
  peerDependenciesMeta?: Record<string, { optional?: boolean }>
}

const manifest = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as Manifest
const { packages } = JSON.parse(readFileSync(join(root, 'package-lock.json'), 'utf8')) as {
  packages: Record<string, Locked>
}

/** Where Node finds a package from below another one. */
function locate(name: string, from: string): string | null {
  for (let folder = from; ; folder = folder.replace(/(^|\/)node_modules\/(@[^/]+\/)?[^/]+$/, '')) {
    const path = `${folder === '' ? '' : `${folder}/`}node_modules/${name}`
    if (packages[path]) return path
    if (folder === '') return null
  }
}

/** Everything that is installed on Linux with the package, by its path. */
function installed(): Map<string, Locked> {
  const found = new Map<string, Locked>()
  const add = (name: string, from: string) => {
    const path = locate(name, from)
    const locked = path === null ? undefined : packages[path]
    if (path === null || !locked || found.has(path)) return
    if (locked.os && !locked.os.includes('linux')) return
    if (locked.cpu && !locked.cpu.includes('x64')) return
    found.set(path, locked)
    const { dependencies, optionalDependencies, peerDependencies = {}, peerDependenciesMeta = {} } = locked
    const peers = Object.keys(peerDependencies).filter((peer) => !peerDependenciesMeta[peer]?.optional)
    for (const next of [...Object.keys({ ...dependencies, ...optionalDependencies }), ...peers]) add(next, path)
  }
  for (const name of Object.keys({ ...manifest.dependencies, ...manifest.optionalDependencies })) add(name, '')
  return found
}

const permissive = /^(MIT|MIT-0|ISC|Apache-2\.0|BSD-[23]-Clause|0BSD|BlueOak-1\.0\.0|CC0-1\.0|Unlicense|PostgreSQL)$/

/** A choice of licences with a permissive one among them. */
function isPermissive(license: string): boolean {
  const parts = license.replaceAll(/[()]/g, '').split(/ OR /)
  return parts.some((part) => part.split(/ AND /).every((one) => permissive.test(one.trim())))
}

test('all versions are exact', () => {
  const { dependencies, devDependencies, optionalDependencies } = manifest
  const versions = Object.entries({ ...dependencies, ...devDependencies, ...optionalDependencies })
  expect(versions.filter(([, version]) => !/^\d+\.\d+\.\d+(-[\w.]+)?$/.test(version))).toEqual([])
})

test('licences are permissive, packages few, and none of a build among them', () => {
  const found = installed()
  const licences = [...found].filter(([, { license }]) => !isPermissive(license ?? 'none'))
  expect(licences.map(([path, { license }]) => `${path}: ${license}`)).toEqual([])
  expect(found.size).toBeGreaterThan(100)
  expect(found.size).toBeLessThanOrEqual(maxPackages)
  expect([...found.keys()].filter((path) => forbidden.test(path))).toEqual([])
})

test('what is imported is a dependency, and a dependency is imported', () => {
  const imports = readImports(root, ['src', 'schema', 'examples']).filter(({ from, isPackage, isType }) => {
    const isBuilt =
      !/^src\/(dashboard|package)\/|\/(print|check-released|breaking-changes)\.ts$|build\.mjs$|ensure-\w+\.mjs$/.test(
        from,
      )
    return isPackage && !isType && isBuilt && from !== 'src/client/vitest.ts'
  })
  const names = new Set(
    imports
      .map(({ to }) => to)
      .filter((name) => !name.startsWith('node:') && !/^assay($|\/)/.test(name))
      .map((name) =>
        name
          .split('/')
          .slice(0, name.startsWith('@') ? 2 : 1)
          .join('/'),
      ),
  )
  const { dependencies, devDependencies } = manifest
  // Built into the package.
  const bundled = ['@modelcontextprotocol/sdk', '@pothos/plugin-prisma', 'gpt-tokenizer']
  for (const name of bundled) expect(names.delete(name) && name in devDependencies).toBe(true)
  expect([...names].filter((name) => !(name in dependencies))).toEqual([])
  // What is built in imports these.
  const ofBundled = ['@prisma/client-runtime-utils', '@pothos/selection-mapper']
  expect(Object.keys(dependencies).filter((name) => !names.has(name) && !ofBundled.includes(name))).toEqual([])
})
