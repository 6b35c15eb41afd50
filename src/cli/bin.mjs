#!/usr/bin/env node
// Plain JavaScript that any Node can read: finds a Node that is recent enough for the rest, or says in one sentence
// what to do.
import { spawn } from 'node:child_process'
import { existsSync } from 'node:fs'
import module, { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

const [major = 0, minor = 0] = process.versions.node.split('.').map(Number)
const node = major > 22 || (major === 22 && minor >= 18) ? process.execPath : bundledNode()

if (!node) fail(`Assay needs Node 22.18 or newer, and this is ${process.version}: get one from https://nodejs.org.`)
else if (node === process.execPath) {
  cacheCompiledCode()
  await start()
} else runWith(node)

/** In a clone the sources run as they are; the package has them built, and of these only this file. */
async function start() {
  if (!existsSync(new URL('main.ts', import.meta.url)))
    return import(new URL('../../dist/server/src/cli/main.js', import.meta.url).href)
  await import('./ensure-generated.mjs')
  await import('./main.ts')
}

/**
 * Halves the time that this process and those that it starts need to load their code. Beside the code, since a folder that
 * others can write to is no place for it; without effect where nothing can be written.
 */
function cacheCompiledCode() {
  const folder = fileURLToPath(new URL('../../node_modules/.cache/assay-compiled', import.meta.url))
  module.enableCompileCache?.(folder)
  process.env.NODE_COMPILE_CACHE ??= folder
}

function fail(sentence) {
  process.stderr.write(`${sentence}\n`)
  process.exitCode = 1
}

/** The Node that "npm ci" installs with the other packages, on platforms that have one. */
function bundledNode() {
  const windows = process.platform === 'win32'
  const name = `node-${windows ? 'win' : process.platform}-${process.arch}`
  try {
    const manifest = createRequire(import.meta.url).resolve(`${name}/package.json`)
    return join(dirname(manifest), 'bin', windows ? 'node.exe' : 'node')
  } catch {
    return undefined
  }
}

/** Runs the same command with the other Node: forwards signals and the exit status. */
function runWith(otherNode) {
  const child = spawn(otherNode, process.argv.slice(1), { stdio: 'inherit' })
  const signals = ['SIGINT', 'SIGTERM', 'SIGHUP']
  for (const signal of signals) process.on(signal, () => child.kill(signal))
  child.on('error', (error) => fail(`${otherNode} does not start: ${error.message}.`))
  child.on('exit', (code, signal) => {
    for (const name of signals) process.removeAllListeners(name)
    if (signal) process.kill(process.pid, signal)
    process.exitCode = code ?? 1
  })
}
