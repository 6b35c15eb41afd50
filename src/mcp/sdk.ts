/** What of the protocol's SDK is used. The package has these parts built in, because the SDK brings a web server along. */
export { McpServer } from '@modelcontextprotocol/sdk/server/mcp.js'
export { StdioServerTransport } from '@modelcontextprotocol/sdk/server/stdio.js'
