/** Every path in the documentation exists. */
import { existsSync, globSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { expect, test } from 'vitest'
import { root } from '../helpers/spawn-assay.ts'

const pages = globSync(['*.md', 'docs/*.md', 'examples/*/*.md'], { cwd: root })
const roots = 'src|schema|prisma|test|docs|examples|\\.ci'

/**
 * Paths from the root, as code; `<…>` stands for a name. After an arrow, a file is in the folder of the previous path.
 */
function codePaths(text: string): string[] {
  return [...text.matchAll(new RegExp(`\`((?:${roots})/[^\`\\s]*)\`((?: → \`[\\w-]+\\.ts\`)*)`, 'g'))].flatMap(
    ([, path = '', more = '']) => [
      path,
      ...[...more.matchAll(/`([^`]+)`/g)].map(([, name = '']) => join(dirname(path), name)),
    ],
  )
}

/** Links to files, relative to the page. */
function linkedPaths(page: string, text: string): string[] {
  return [...text.matchAll(/\]\((?!https?:)([^)#]+)/g)].map(([, path = '']) => join(dirname(page), path))
}

test('all pages of the documentation are checked', () => {
  expect(pages).toEqual(expect.arrayContaining(['README.md', 'CONTRIBUTING.md', join('docs', 'architecture.md')]))
})

test.each(pages)('every path in %s exists', async (page) => {
  const text = await readFile(join(root, page), 'utf8')
  const paths = [...codePaths(text), ...linkedPaths(page, text)]
  const missing = paths.filter((path) =>
    /[<*]/.test(path)
      ? globSync(path.replaceAll(/<[^>]*>/g, '*'), { cwd: root }).length === 0
      : !existsSync(join(root, path)),
  )
  expect(missing).toEqual([])
})
