/** `assay mcp`: tools for agents over standard input and output. */
import { setImmediate } from 'node:timers/promises'
import { Command } from 'commander'
import manifest from '../../package.json' with { type: 'json' }
import { openApi } from '../mcp/api.ts'
import { StdioServerTransport } from '../mcp/sdk.ts'
import { createMcpServer } from '../mcp/server.ts'
import { projectOption } from './project-option.ts'
import { urlOption } from './url-option.ts'

export function mcpCommand(): Command {
  return new Command('mcp')
    .description('Serve tools for agents (Model Context Protocol) over standard input and output.')
    .addOption(urlOption())
    .addOption(projectOption())
    .addHelpText(
      'after',
      `
An agent's configuration names this command; ASSAY_API_KEY is the key for a server that needs one:
  { "mcpServers": { "assay": { "command": "npx", "args": ["assay", "mcp"] } } }`,
    )
    .action(async ({ url, project }: { url: string; project?: string }) => {
      const api = openApi({ url, ...(project !== undefined && { project }) })
      const { server, answered } = createMcpServer(api, manifest.version)
      await server.connect(new StdioServerTransport())
      // It ends with its client, once that has all answers.
      await new Promise((resolve) => process.stdin.once('end', resolve))
      await setImmediate()
      await answered()
      await setImmediate()
      await server.close()
    })
}
