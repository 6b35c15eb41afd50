/** `assay mcp`: tools for agents over standard input and output. */
import { setImmediate } from 'node:timers/promises'
import { Command } from 'commander'
import manifest from '../../package.json' with { type: 'json' }
import { type ServerOptions, withServer, withServerOptions } from './with-server.ts'

export function mcpCommand(): Command {
  const command = new Command('mcp').description('Serve tools for agents (Model Context Protocol) on stdin and stdout.')
  return withServerOptions(command)
    .addHelpText(
      'after',
      `
An agent's configuration names this command: { "mcpServers": { "assay": { "command": "npx", "args": ["assay", "mcp"] } } }

Example:
  $ assay mcp --url https://assay.example`,
    )
    .action((options: ServerOptions) =>
      withServer(options, ({ client }) => serve(client.url, options.project), { executes: true }),
    )
}

async function serve(url: string, project: string | undefined): Promise<void> {
  // Other commands need none of it.
  const [{ openApi }, { StdioServerTransport }, { createMcpServer }] = await Promise.all([
    import('../mcp/api.ts'),
    import('../mcp/sdk.ts'),
    import('../mcp/server.ts'),
  ])
  const api = openApi({ url, ...(project !== undefined && { project }) })
  const { server, answered } = createMcpServer(api, manifest.version)
  await server.connect(new StdioServerTransport())
  // It ends with its client, once that has all answers.
  await new Promise((resolve) => process.stdin.once('end', resolve))
  await setImmediate()
  await answered()
  await setImmediate()
  await server.close()
}
