/**
 * Finds the line in a project's code that an import error comes from. Node reports it in four ways, depending on the
 * error.
 */
import { spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

export interface CodePlace {
  /** Absolute path. */
  file: string
  /** From 1; null when unknown. */
  line: number | null
}

/** @param file the file whose import failed */
export function placeOf(error: unknown, file: string): CodePlace {
  const unknown: CodePlace = { file, line: null }
  if (!(error instanceof Error)) return unknown
  return (
    placeBefore(error.stack) ??
    placeOfMissing(error) ??
    placeInFrames(error.stack, file) ??
    (error instanceof SyntaxError ? placeOfSyntaxError(file) : null) ??
    unknown
  )
}

/** Errors of parsing and linking: the stack begins with `file:line` above the source line. */
function placeBefore(stack = ''): CodePlace | null {
  const found = /^(file:\/\/\S+|\/.*|[A-Z]:\\.*):(\d+)$/m.exec(stack.split('\n', 1)[0] ?? '')
  return found?.[1] === undefined ? null : { file: asPath(found[1]), line: Number(found[2]) }
}

/** A failed import: the message names the importing file, and that file has the line. */
function placeOfMissing(error: Error): CodePlace | null {
  if (!('code' in error) || error.code !== 'ERR_MODULE_NOT_FOUND') return null
  const [, missing, importer] = /^Cannot find (?:module|package) '(.*)' imported from (.*)$/.exec(error.message) ?? []
  if (missing === undefined || importer === undefined) return null
  const end = missing.split(/[/\\]/).at(-1) ?? missing
  const file = asPath(importer)
  const index = readFileSync(file, 'utf8')
    .split('\n')
    .findIndex((line) => /\b(import|from|require)\b/.test(line) && line.includes(end))
  return { file, line: index === -1 ? null : index + 1 }
}

/** Runtime errors: the innermost call in the file itself, else in another file of the project. */
function placeInFrames(stack = '', file: string): CodePlace | null {
  const frames = [...stack.matchAll(/^ {4}at (?:async |.*\()?((?:file:\/\/|\/|[A-Z]:\\)[^()\n]*):(\d+):\d+\)?$/gm)]
    .map(([, where = '', line]) => ({ file: asPath(where), line: Number(line) }))
    .filter((frame) => !frame.file.startsWith(ownFolder))
  return frames.find((frame) => frame.file === file) ?? frames[0] ?? null
}

/** Node reveals the position of a syntax error in JavaScript only when it prints the error. */
function placeOfSyntaxError(file: string): CodePlace | null {
  const { stderr } = spawnSync(process.execPath, ['--check', file], { encoding: 'utf8' })
  return placeBefore(stderr)
}

const ownFolder = fileURLToPath(new URL('..', import.meta.url))

function asPath(where: string): string {
  return where.startsWith('file://') ? fileURLToPath(where) : where
}
