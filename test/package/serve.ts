import { spawn } from 'node:child_process'

/** Starts a server, waits for its URL, does something with it and stops it. */
export async function serve(
  [command, args]: [string, string[]],
  options: { cwd: string; env: NodeJS.ProcessEnv },
  use: (url: string) => Promise<void>,
): Promise<void> {
  const server = spawn(command, args, { ...options, stdio: ['ignore', 'pipe', 'pipe'], detached: true })
  let output = ''
  const exited = new Promise((resolve) => server.once('exit', resolve))
  const url = await new Promise<string>((resolve, reject) => {
    const timer = setTimeout(() => reject(new Error(`the server did not start in 60 s:\n${output}`)), 60_000)
    for (const stream of [server.stdout, server.stderr]) {
      stream.on('data', (text) => {
        output += text
        const [, found] = /GraphiQL +(http\S+)\/graphql[\s\S]*Ctrl-C/.exec(output) ?? []
        if (!found) return
        clearTimeout(timer)
        resolve(found)
      })
    }
    void exited.then((status) => reject(new Error(`the server ended with ${status}:\n${output}`)))
  })
  try {
    await use(url)
  } finally {
    // npx starts it by a shell: the whole group gets what a terminal sends for Ctrl-C.
    process.kill(-(server.pid as number), 'SIGINT')
    await exited
  }
}
