import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { expect, test } from 'vitest'
import { root, spawnNode } from '../helpers/spawn-assay.ts'

/** Logs an expression in `log` on stderr, in a separate process. */
async function logged(expression: string, pretty: boolean): Promise<string> {
  const url = pathToFileURL(join(root, 'src/cli/log.ts')).href
  const script = `import { openLog } from '${url}'; const log = openLog('info', ${pretty}); ${expression}`
  const child = spawnNode(['--input-type=module', '-e', script])
  expect(await child.exited).toBe(0)
  return child.stderr
}

test.each([true, false])('no header, key or password gets into the log (pretty: %s)', async (pretty) => {
  const text = await logged(
    `const error = Object.assign(new Error('refused'), { headers: { Authorization: 'Bearer s3cret' } })
     log.error({ err: error, runId: 'the-run', task: { headers: { 'x-api-key': 's3cret' } } }, 'a call failed')
     log.warn({ authorization: 's3cret', request: { headers: { cookie: 's3cret' }, password: 's3cret' } }, 'a request')
     log.warn({ config: { db: { password: 's3cret', connectionString: 's3cret' } } }, 'deep')`,
    pretty,
  )
  expect(text).toContain('a call failed')
  expect(text).toContain('the-run')
  expect(text).not.toContain('s3cret')
})
