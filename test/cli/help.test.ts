import { spawnSync } from 'node:child_process'
import { join } from 'node:path'
import type { Command } from 'commander'
import { expect, test } from 'vitest'
import { createProgram } from '../../src/cli/program.ts'
import { root } from '../helpers/spawn-assay.ts'

function withDescendants(command: Command): Command[] {
  return [command, ...command.commands.flatMap(withDescendants)]
}

/** As it is printed, with what is added after the options. */
function helpOf(command: Command): string {
  let text = ''
  const write = (part: string) => {
    text += part
  }
  command.configureOutput({ writeOut: write, getOutHelpWidth: () => 120, getOutHasColors: () => false })
  command.outputHelp()
  return text
}

const pathOf = (command: Command): string => (command.parent ? `${pathOf(command.parent)} ` : '') + command.name()

test('the help of every command is as it was agreed', () => {
  const help = withDescendants(createProgram()).map((command) => `# ${pathOf(command)}\n\n${helpOf(command)}`)
  expect(help.join('\n')).toMatchSnapshot()
})

test('every command has an example, and every command that prints a result has --json', () => {
  const silent = ['serve', 'worker', 'demo', 'complete', 'mcp']
  for (const command of createProgram().commands) {
    if (command.name() === 'complete') continue
    expect(helpOf(command), command.name()).toMatch(/Examples?:\n {2}\$ |demo/)
    const printing = command.commands.length > 0 ? command.commands : [command]
    if (silent.includes(command.name())) continue
    for (const one of printing)
      expect(
        one.options.map(({ long }) => long),
        pathOf(one),
      ).toContain('--json')
  }
})

test('a shell completes commands and options', () => {
  const main = join(root, 'src/cli/main.ts')
  const complete = (...words: string[]) =>
    spawnSync(process.execPath, [main, 'complete', '--', ...words], { encoding: 'utf8' }).stdout
  expect(complete('comp')).toMatch(/^compare\b/m)
  expect(complete('compare', '--on')).toMatch(/^--only\b/m)
})
