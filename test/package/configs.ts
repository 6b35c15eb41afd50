const tasks = 'export const shout = (input: { text: string }): string => input.text.toUpperCase()\n'

/** Configs as the different kinds of projects write them, and the functions that each has. */
export const configKinds: { name: string; files: Record<string, string>; functions: string[] }[] = [
  {
    name: 'an ES module',
    files: {
      'package.json': '{ "type": "module" }',
      'tasks.ts': tasks,
      'assay.config.ts':
        "import { defineConfig } from 'assay'\nimport { shout } from './tasks.ts'\nexport default defineConfig({ tasks: { shout } })\n",
    },
    functions: ['shout'],
  },
  {
    name: 'CommonJS, without extensions',
    files: {
      'package.json': '{ "type": "commonjs" }',
      'lib/index.ts': tasks,
      'lib/whisper.js': 'exports.whisper = (input) => input.text.toLowerCase()\n',
      'assay.config.ts':
        "import { defineConfig } from 'assay'\nimport { shout } from './lib'\nimport { whisper } from './lib/whisper'\nexport default defineConfig({ tasks: { shout, whisper } })\n",
    },
    functions: ['shout', 'whisper'],
  },
  {
    name: 'no type, names of compiled files',
    files: {
      'package.json': '{}',
      'src/tasks.ts': tasks,
      'assay.config.ts':
        "import { defineConfig } from 'assay'\nimport { shout } from './src/tasks.js'\nexport default defineConfig({ tasks: { shout } })\n",
    },
    functions: ['shout'],
  },
  {
    name: 'JavaScript of CommonJS',
    files: {
      'package.json': '{}',
      'tasks.js': 'exports.shout = (input) => input.text.toUpperCase()\n',
      'assay.config.js':
        "const { defineConfig } = require('assay')\nconst { shout } = require('./tasks')\nmodule.exports = defineConfig({ tasks: { shout } })\n",
    },
    functions: ['shout'],
  },
]
