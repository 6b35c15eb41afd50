/** Builds the dashboard into `dist/dashboard`, from where the server serves it. */
import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import react from '@vitejs/plugin-react'
import { defineConfig, type Plugin } from 'vite'

/** The server that `npm run dev:dashboard` works with. */
const server = process.env.ASSAY_URL ?? 'http://127.0.0.1:4000'

const generated = fileURLToPath(new URL('src/dashboard/gql/graphql.ts', import.meta.url))
const operation = /graphql\(`\s*(query|mutation|subscription|fragment)\s+(\w+)[^`]*`\)/g
const ofOperation = 'operation:'

/** The generated module has the syntax trees of all operations: each page gets those that it has, and no other. */
function ownOperations(): Plugin {
  const trees = new Map<string, string>()
  return {
    name: 'own-operations',
    apply: 'build',
    enforce: 'pre',
    buildStart() {
      const lines = readFileSync(generated, 'utf8').matchAll(/^export const (\w+) = (\{.*\}) as unknown as /gm)
      for (const [, name = '', tree = ''] of lines) trees.set(name, tree)
    },
    resolveId: (id) => (id.startsWith(ofOperation) ? `\0${id}` : null),
    load: (id) =>
      id.startsWith(`\0${ofOperation}`) ? `export default ${trees.get(id.slice(ofOperation.length + 1))}` : null,
    transform(code, id) {
      if (id.includes('/dashboard/gql/')) return null
      const names = new Set<string>()
      const changed = code.replaceAll(operation, (_, kind: string, name: string) => {
        const tree = kind === 'fragment' ? `${name}FragmentDoc` : `${name}Document`
        if (!trees.has(tree)) throw new Error(`Expected ${tree} in ${generated}: run npm run generate.`)
        names.add(tree)
        return tree
      })
      if (names.size === 0) return null
      const imports = [...names].map((name) => `import ${name} from '${ofOperation}${name}'\n`)
      return { code: `${imports.join('')}${changed}`, map: null }
    },
  }
}

export default defineConfig({
  root: fileURLToPath(new URL('src/dashboard', import.meta.url)),
  plugins: [ownOperations(), react()],
  build: {
    outDir: fileURLToPath(new URL('dist/dashboard', import.meta.url)),
    emptyOutDir: true,
    target: 'es2023',
    // The Content-Security-Policy allows no data: fonts or scripts.
    assetsInlineLimit: 0,
    // The first chunk has React, the router, the cache and the components that every page uses.
    chunkSizeWarningLimit: 900,
    rolldownOptions: {
      output: {
        codeSplitting: {
          // What nearly every page has is one file: browsers ask a server for six at a time, and dozens of small ones wait.
          groups: [
            { name: 'kit', priority: 2, minShareCount: 4, test: /node_modules[\\/](@mantine|@floating-ui|@tabler)/ },
            {
              name: 'shared',
              priority: 1,
              // What the router reads of pages is not part of these.
              test: /src[\\/]dashboard[\\/](components[\\/](?!value[\\/]|diff[\\/])|data|keyboard|pages.*-search\.ts|pages.*run-query\.ts)/,
            },
          ],
        },
      },
    },
  },
  server: {
    proxy: Object.fromEntries(
      ['/graphql', '/graphiql', '/session', '/import', '/export', '/output'].map((path) => [
        path,
        // The server accepts sockets and cookies of its own pages only.
        { target: server, ws: true, changeOrigin: true, headers: { origin: new URL(server).origin } },
      ]),
    ),
  },
})
