/** Dockerfile and compose.yaml cannot be built here; that what they name exists, and is consistent, can be checked. */

import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { validate } from 'dockerfile-utils'
import { expect, onTestFinished, test } from 'vitest'
import { parse } from 'yaml'
import { makeTemporary, root, spawnAssay, spawnNode, spawnServer } from '../helpers/spawn-assay.ts'

interface Service {
  image: string
  build?: string
  command?: string[]
  environment: Record<string, string>
  ports?: string[]
  volumes: string[]
  depends_on?: Record<string, { condition: string }>
  healthcheck?: { test: string[] }
  deploy?: { replicas: number }
}

const { services, volumes } = parse(await readFile(join(root, 'compose.yaml'), 'utf8'), { merge: true }) as {
  services: Record<string, Service>
  volumes: Record<string, unknown>
}
const ours = Object.entries(services).filter(([, { build }]) => build)

/** The Dockerfile's instructions, continued lines joined. */
const dockerfile = (await readFile(join(root, 'Dockerfile'), 'utf8'))
  .replaceAll(/^#.*\n/gm, '')
  .replaceAll(/\\\n\s*/g, '')
  .split('\n')
  .filter(Boolean)
  .map((line) => ({ keyword: line.split(' ')[0] ?? '', rest: line.slice(line.indexOf(' ') + 1) }))

function instructions(keyword: string): string[] {
  return dockerfile.filter((instruction) => instruction.keyword === keyword).map(({ rest }) => rest)
}

function lastJson(keyword: string): string[] {
  const rest = instructions(keyword).at(-1) ?? ''
  return JSON.parse(rest.slice(rest.indexOf('[')))
}

/** Fails unless the command line knows the command and all its options. */
async function expectCommand([command = '', ...args]: string[]) {
  const help = spawnAssay([command, '--help'])
  expect(await help.exited, command).toBe(0)
  for (const option of args.filter((arg) => arg.startsWith('--'))) expect(help.stdout).toContain(`${option} `)
}

test('the image uses files, scripts and commands that exist, and does not run as root', async () => {
  const { scripts, engines } = JSON.parse(await readFile(join(root, 'package.json'), 'utf8'))
  const ignored = (await readFile(join(root, '.dockerignore'), 'utf8')).split('\n')
  for (const copied of instructions('COPY').filter((rest) => !rest.startsWith('--from'))) {
    for (const source of copied.split(' ').slice(0, -1)) {
      expect(existsSync(join(root, source)), source).toBe(true)
      expect(ignored).not.toContain(source)
    }
  }
  for (const needed of ['src', 'schema', 'prisma', 'codegen.ts', 'prisma.config.ts', 'examples']) {
    expect(ignored).not.toContain(needed)
  }
  const used = [
    ...instructions('RUN')
      .join('\n')
      .matchAll(/npm run (?:-s )?(\S+)/g),
  ].map(([, script]) => script)
  expect(used.length).toBeGreaterThan(0)
  expect(Object.keys(scripts)).toEqual(expect.arrayContaining(used))
  const [major, minor] = (/>=(\d+)\.(\d+)/.exec(engines.node) ?? []).slice(1).map(Number)
  for (const image of instructions('FROM')) {
    expect(Number(/^node:(\d+)-slim/.exec(image)?.[1]), `${major}.${minor}`).toBeGreaterThan(major ?? Infinity)
  }
  expect(instructions('USER')).toEqual(['node'])
  const [node, entry = ''] = lastJson('ENTRYPOINT')
  expect(node).toBe('node')
  expect(existsSync(entry.replace('/app', root)), entry).toBe(true)
  await expectCommand(lastJson('CMD'))
})

test('a linter finds nothing wrong with the Dockerfile', async () => {
  expect(validate(await readFile(join(root, 'Dockerfile'), 'utf8'))).toEqual([])
})

test('one volume, one port, and a first start on an empty volume that prints one key once', async () => {
  const [volume] = lastJson('VOLUME')
  expect([instructions('VOLUME').length, instructions('EXPOSE')]).toEqual([1, ['4000']])
  const variables = Object.fromEntries(
    instructions('ENV').flatMap((rest) => rest.split(' ').map((pair) => pair.split('='))),
  )
  expect(variables.ASSAY_DATA_DIR).toBe(volume)
  expect(instructions('RUN').join('\n')).toContain(`chown node:node ${volume}`)

  const cwd = await makeTemporary()
  const env = { ...variables, ASSAY_DATA_DIR: join(cwd, 'data') }
  const start = async () => {
    const server = await spawnServer(['--host', '0.0.0.0', '--no-worker'], { cwd, env })
    const [, key = null] = /shown only now\. Keep it: (assay_\S+)/.exec(server.stdout) ?? []
    const query = (headers: Record<string, string>) =>
      fetch(`${server.url}/graphql`, {
        method: 'POST',
        headers: { 'content-type': 'application/json', ...headers },
        body: JSON.stringify({ query: '{ __typename }' }),
      })
    return { server, key, query }
  }
  const first = await start()
  expect(first.key).toMatch(/^assay_[\w-]{32}$/)
  expect((await first.query({})).status).toBe(401)
  expect((await first.query({ authorization: `Bearer ${first.key}` })).status).toBe(200)
  first.server.process.kill('SIGTERM')
  await first.server.exited
  const second = await start()
  expect(second.key).toBeNull()
  expect((await second.query({ authorization: `Bearer ${first.key}` })).status).toBe(200)
})

test('the image’s health check succeeds if /healthz responds, and fails if it does not', async () => {
  const server = createServer(({ url }, response) => response.writeHead(url === '/healthz' ? 200 : 404).end())
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  onTestFinished(() => void server.close())
  const [node, ...args] = lastJson('HEALTHCHECK')
  expect(node).toBe('node')
  const port = instructions('EXPOSE')[0] ?? ''
  expect(args.at(-1)).toContain(`:${port}/`)
  const at = (other: number) => args.map((arg) => arg.replace(`:${port}/`, `:${other}/`))
  expect(await spawnNode(at((server.address() as AddressInfo).port)).exited).toBe(0)
  expect(await spawnNode(at(1)).exited).toBe(1)
})

test('compose starts PostgreSQL 18, servers and workers of this image, and their dependencies', async () => {
  expect(ours.map(([name]) => name)).toEqual(['server', 'worker'])
  const { postgres } = services
  expect(postgres?.image).toBe('postgres:18')
  const user = postgres?.environment.POSTGRES_USER
  expect(postgres?.healthcheck?.test).toContain(`--username=${user}`)
  for (const [name, service] of ours) {
    await expectCommand(service.command ?? [])
    const url = new URL(service.environment.DATABASE_URL?.replace(/\$\{\w+\}/, 'password') ?? '')
    expect([url.hostname, url.username, url.pathname], name).toEqual([
      'postgres',
      user,
      `/${postgres?.environment.POSTGRES_DB}`,
    ])
    expect(service.depends_on).toEqual({ postgres: { condition: 'service_healthy' } })
  }
  // Version 18 of the image keeps its data one level higher than those before it.
  expect(postgres?.volumes).toEqual(['postgres:/var/lib/postgresql'])
  expect(Object.keys(volumes)).toEqual(['postgres'])
  const port = instructions('EXPOSE')[0] ?? ''
  expect(services.server?.ports?.[0]).toMatch(new RegExp(`:${port}$`))
  expect(services.worker?.command).toContain(port)
  expect(services.worker?.deploy?.replicas).toBe(2)
})

test('the commands in the comment of compose.yaml are valid', async () => {
  const comment = await readFile(join(root, 'compose.yaml'), 'utf8')
  const [, typed = ''] = /docker compose run --rm server (keys create)/.exec(comment) ?? []
  const help = spawnAssay([...typed.split(' '), '--help'])
  expect(await help.exited).toBe(0)
  expect(help.stdout).toContain('assay keys create')
  const scaled = [...comment.matchAll(/--scale (\w+)=/g)].map(([, service]) => service)
  expect(scaled).toContain('worker')
  expect(Object.keys(services)).toEqual(expect.arrayContaining(scaled))
})
