/** Reads an experiment from a file and checks it against the published JSON Schema; errors name the line and what was expected. */
import { isUtf8 } from 'node:buffer'
import { readFile, realpath } from 'node:fs/promises'
import { extname } from 'node:path'
import { Ajv2020, type ErrorObject } from 'ajv/dist/2020.js'
import { type Document, isScalar, LineCounter, parseDocument, type Scalar, visit } from 'yaml'
import schema from '../../../schema/experiment-file.json' with { type: 'json' }
import type { ExperimentFile } from '../../define-experiment.ts'
import { excerptOf } from '../../domain/excerpt.ts'
import { isExact } from '../../domain/json/exact-number.ts'
import { NotJsonError, toJson } from '../../domain/json/to-json.ts'
import { importDefault } from '../../function-hosts/load-config.ts'
import { CliError } from '../cli-error.ts'
import { parseGateRules } from '../gate-rules.ts'

const yamlEndings = ['.yaml', '.yml', '.json']
const programEndings = ['.ts', '.mts', '.js', '.mjs']

/** Whether the argument of `assay run` is a file, and not the name of an experiment. */
export function isExperimentFile(argument: string): boolean {
  return [...yamlEndings, ...programEndings].includes(extname(argument).toLowerCase())
}

/** @throws {CliError} the file cannot be read, or is not an experiment */
export async function readExperimentFile(file: string): Promise<ExperimentFile> {
  if (yamlEndings.includes(extname(file).toLowerCase())) return readYaml(file)
  const path = await realpath(file).catch((error: Error) => {
    throw new CliError(missing(file, error))
  })
  const value = await importDefault(path).catch((error: Error) => {
    throw new CliError(error.message, { cause: error })
  })
  return checked(file, asJson(file, value), () => null)
}

/** What the value of a program or of YAML is in JSON. @throws {CliError} it is nothing there */
function asJson(file: string, value: unknown): unknown {
  try {
    return toJson(value)
  } catch (error) {
    throw error instanceof NotJsonError ? new CliError(`${file}: ${error.message}.`) : error
  }
}

async function readYaml(file: string): Promise<ExperimentFile> {
  const bytes = await readFile(file).catch((error: Error) => {
    throw new CliError(missing(file, error))
  })
  if (!isUtf8(bytes)) throw new CliError(`${file}: expected text in UTF-8, got other bytes.`)
  const lineCounter = new LineCounter()
  const document = parseDocument(bytes.toString(), { lineCounter, merge: true })
  // Warnings are about tags, such as !env, whose values would be taken as they are written.
  const [problem] = [...document.errors, ...document.warnings]
  if (problem) throw new CliError(`${file}:${problem.linePos?.[0].line ?? 1}: ${firstLine(problem.message)}`)
  const lineOf = (offset: number | undefined) => (offset === undefined ? null : lineCounter.linePos(offset).line)
  visit(document, {
    Scalar(_key, node) {
      if (typeof node.value !== 'number' || isKept(node)) return
      const expected = 'a number that a double holds exactly, or the number as a text'
      throw new CliError(`${file}:${lineOf(node.range?.[0])}: expected ${expected}, got ${node.source}.`)
    },
  })
  let value: unknown
  try {
    value = document.toJS()
  } catch (error) {
    throw new CliError(`${file}: ${firstLine((error as Error).message)}`)
  }
  return checked(file, asJson(file, value), (path) => lineOf(offsetOf(document, path)))
}

function missing(file: string, { code, message }: NodeJS.ErrnoException): string {
  return code === 'ENOENT' ? `There is no file ${file}.` : `${file} cannot be read: ${message}`
}

/** Decimal notations; others, such as 0x1F and .inf, are what YAML makes of them. */
function isKept({ source = '', value }: Scalar): boolean {
  const decimal = source
    .replace(/^\+/, '')
    .replace(/^(-?)\./, '$10.')
    .replace(/\.(?=e|$)/i, '')
  return !/^-?\d+(\.\d+)?(e[+-]?\d+)?$/i.test(decimal) || isExact(decimal, value as number)
}

/** Where the value at a path begins; where there is none, its nearest parent. */
function offsetOf(document: Document, path: readonly (string | number)[]): number | undefined {
  for (let length = path.length; length > 0; length -= 1) {
    const parent = document.getIn(path.slice(0, length - 1), true) as { items?: { key?: unknown }[] } | undefined
    const pair = parent?.items?.find(({ key }) => isScalar(key) && key.value === path[length - 1])
    if (pair && isScalar(pair.key)) return pair.key.range?.[0]
    const node = document.getIn(path.slice(0, length), true) as { range?: [number, number, number] } | undefined
    if (node?.range) return node.range[0]
  }
  return undefined
}

function firstLine(message: string): string {
  const line = message.split('\n')[0] ?? ''
  return line.endsWith(':') ? `${line.slice(0, -1)}.` : line
}

const validate = new Ajv2020({ strict: false, allErrors: true, verbose: true }).compile<ExperimentFile>(schema)

type Path = (string | number)[]

function checked(file: string, value: unknown, lineOf: (path: Path) => number | null): ExperimentFile {
  const at = (path: Path) => {
    const line = lineOf(path)
    const where = path.length === 0 ? '' : `${path.join('.')}: `
    return `${file}${line === null ? '' : `:${line}`}: ${where}`
  }
  if (validate(value)) {
    const { gate } = value
    if (Array.isArray(gate)) parseGateRules(gate, (said, index) => new CliError(`${at(['gate', index])}${said}`))
    return value
  }
  const problems = (validate.errors ?? []).map((error) => `${at(pathOf(error))}expected ${expectation(error)}.`)
  throw new CliError([...new Set(problems)].join('\n'))
}

/** The invalid part; of a member that should not be there, the member. */
function pathOf({ instancePath, keyword, params }: ErrorObject): Path {
  const path = instancePath
    .split('/')
    .slice(1)
    .map((part) => {
      const name = part.replaceAll('~1', '/').replaceAll('~0', '~')
      return /^\d+$/.test(name) ? Number(name) : name
    })
  return keyword === 'additionalProperties' ? [...path, params.additionalProperty as string] : path
}

const typeNames: Record<string, string> = { object: 'an object', array: 'a list', string: 'text', number: 'a number' }
const moreTypeNames: Record<string, string> = { integer: 'a whole number', boolean: 'true or false', null: 'null' }

function expectation({ keyword, params, data, parentSchema }: ErrorObject): string {
  const got = `got ${excerptOf(data)}`
  const members = Object.keys((parentSchema?.properties as object | undefined) ?? {})
  switch (keyword) {
    case 'type': {
      const types = [params.type as string | string[]].flat()
      return `${types.map((type) => typeNames[type] ?? moreTypeNames[type] ?? type).join(' or ')}, ${got}`
    }
    case 'enum':
      return `${(params.allowedValues as unknown[]).filter((one) => one !== null).join(', ')}, ${got}`
    case 'required':
      return `${params.missingProperty}, which is missing`
    case 'additionalProperties':
      return `one of ${members.join(', ')}, got ${excerptOf(params.additionalProperty)}`
    case 'minProperties':
    case 'maxProperties':
      return `exactly one of ${members.join(', ')}, got ${Object.keys(data as object).join(', ') || 'none'}`
    case 'minLength':
      return `text that is not empty, ${got}`
    default:
      return `what the schema says (${keyword}), ${got}`
  }
}
