/** `assay init`: a config, a dataset and an experiment that run at once, to start from. */
import { existsSync } from 'node:fs'
import { writeFile } from 'node:fs/promises'
import { join, relative, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { Command, Option } from 'commander'
import { makeDirectory } from '../embedded-postgres/make-directory.ts'
import { CliError } from './cli-error.ts'
import { jsonOption, printJson, printLine } from './output.ts'

const schemaFile = fileURLToPath(new URL('../../schema/experiment-file.json', import.meta.url))

const config = `import { defineConfig } from 'assay'

// Functions that experiments and evaluators refer to by name. This is the system under test: call your model, your
// service or your code here.
export default defineConfig({
  tasks: {
    answer: async (question: string) => {
      const sum = /(\\d+) plus (\\d+)/.exec(question)
      return sum ? String(Number(sum[1]) + Number(sum[2])) : 'I do not know.'
    },
  },
  evaluators: {
    short: ({ output }) => String(output).length <= 20,
  },
})
`

const items = [
  { key: 'sum-1', input: 'What is 2 plus 3?', expectedOutput: '5', tags: ['sums'] },
  { key: 'sum-2', input: 'What is 20 plus 22?', expectedOutput: '42', tags: ['sums'] },
  { key: 'product-1', input: 'What is 6 times 7?', expectedOutput: '42', tags: ['products'] },
  { key: 'capital-1', input: 'What is the capital of France?', expectedOutput: 'Paris', tags: ['facts'] },
]

function experiment(schema: string): string {
  return `# yaml-language-server: $schema=${schema}
name: first experiment
dataset:
  name: questions
  file: questions.jsonl
task:
  module: { name: answer }
evaluators:
  - name: correct
    definition: { builtin: { exactMatch: { normalizeWhitespace: true } } }
    dataType: BOOLEAN
  - name: short
    definition: { module: { name: short } }
    dataType: BOOLEAN
settings:
  concurrency: 10
# What every run has to fulfil; \`assay gate --help\` has the notation.
gate:
  - correct >= 0.5
  - failure-rate <= 0.1
`
}

export function initCommand(): Command {
  return new Command('init')
    .description('Write a config, a dataset and an experiment that run, to start from.')
    .argument('[folder]', 'where to write them', '.')
    .addOption(new Option('--force', 'replace files that are there').default(false))
    .addOption(jsonOption())
    .addHelpText('after', '\nExample:\n  $ assay init && assay run experiment.yaml')
    .action((folder: string, options: { force: boolean; json: boolean }) => init(folder, options))
}

async function init(folder: string, { force, json }: { force: boolean; json: boolean }): Promise<void> {
  const installed = join(folder, 'node_modules/assay/schema/experiment-file.json')
  const schema = existsSync(installed) ? './node_modules/assay/schema/experiment-file.json' : schemaFile
  const files = {
    'assay.config.ts': config,
    'questions.jsonl': items.map((item) => `${JSON.stringify(item)}\n`).join(''),
    'experiment.yaml': experiment(schema),
  }
  const there = Object.keys(files).filter((name) => existsSync(join(folder, name)))
  if (there.length > 0 && !force) {
    throw new CliError(
      `${resolve(folder)} already has ${there.join(' and ')}: --force replaces them. Nothing was written.`,
    )
  }
  await makeDirectory(folder).catch(cannotWrite)
  for (const [name, text] of Object.entries(files)) await writeFile(join(folder, name), text).catch(cannotWrite)
  if (json) return printJson({ folder: resolve(folder), files: Object.keys(files) })
  const inFolder = resolve(folder) === resolve('.') ? '' : `cd ${relative('.', folder)} && `
  const assay = process.env.npm_lifecycle_event === 'npx' ? 'npx assay' : 'assay'
  printLine(`Wrote ${Object.keys(files).join(', ')}. Next:

  ${inFolder}${assay} run experiment.yaml     imports the questions, asks them all, scores the answers, checks the gate

Then make it yours:
  1. questions.jsonl    your inputs and expected outputs, one JSON object a line
  2. assay.config.ts    call your system in "answer"
  3. ${assay} approve latest, change something, and run again: the run is compared with the approved one

  ${assay} serve                      keeps a server, with the results as pages in the browser
  ${assay} compare approved latest --only regressed`)
}

function cannotWrite(error: Error): never {
  throw new CliError(error.message)
}
