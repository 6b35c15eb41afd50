import { WriteStream } from 'node:tty'
import { stripVTControlCharacters } from 'node:util'
import { expect, test, vi } from 'vitest'
import { listOf, mark, oneLine } from '../../src/cli/output.ts'
import { openProgress } from '../../src/cli/progress.ts'

const head = ['RUN', 'STATUS', 'ID']
const rows = [
  ['a rather long name of a run', 'COMPLETED', 'UnVuOmFiYw'],
  ['short', 'RUNNING', 'UnVuOmRlZg'],
]

test('a list is a table on a terminal, lines where that is too narrow, and tab-separated elsewhere', () => {
  const wide = listOf(head, rows, { isTTY: true, columns: 100 })
  expect(wide.split('\n')).toHaveLength(3)
  expect(wide).toMatch(/^RUN +STATUS +ID\n/)
  const narrow = listOf(head, rows, { isTTY: true, columns: 30 })
  expect(narrow).toContain('short\n  STATUS: RUNNING\n  ID: UnVuOmRlZg')
  for (const line of narrow.split('\n')) expect(line.length).toBeLessThanOrEqual(30)
  const piped = listOf(head, rows, { isTTY: false, columns: 0 })
  expect(piped.split('\n')[2]).toBe('short\tRUNNING\tUnVuOmRlZg')
})

test('what names and outputs contain does nothing to the terminal', () => {
  expect(oneLine('a\u001b[31mb\nc\u009bd\te')).toBe('a [31mb c d e')
  expect(listOf(['RUN'], [['x\ty\nz']], { isTTY: false, columns: 0 })).toBe('RUN\nx y z')
})

test('there are colours on a terminal, unless NO_COLOR says that nobody wants them', () => {
  const { getColorDepth } = WriteStream.prototype
  const terminal = Object.assign(Object.create(process.stdout) as NodeJS.WriteStream, { isTTY: true, getColorDepth })
  vi.stubEnv('CI', undefined)
  vi.stubEnv('FORCE_COLOR', undefined)
  vi.stubEnv('TERM', 'xterm-256color')
  vi.stubEnv('NO_COLOR', undefined)
  expect(mark(true, terminal)).toBe('\u001b[32m✓\u001b[39m')
  vi.stubEnv('NO_COLOR', '1')
  expect(mark(true, terminal)).toBe('✓')
  vi.unstubAllEnvs()
})

test('progress fits into a narrow terminal, where a line that wraps could not be drawn over', () => {
  const drawn: string[] = []
  const terminal = Object.assign(Object.create(process.stderr) as NodeJS.WriteStream, {
    isTTY: true,
    columns: 40,
    write: (text: string) => drawn.push(text),
    cursorTo: () => true,
    moveCursor: () => true,
    clearLine: () => true,
    clearScreenDown: () => true,
  })
  const progress = openProgress(terminal)
  progress.add('a run').update(3, 10, '3/10, 1 failed')
  progress.stop()
  const text = stripVTControlCharacters(drawn.join(''))
  expect(text).toMatch(/a run +30% 3\/10, 1 failed/)
  expect(text).not.toContain('█')
})
