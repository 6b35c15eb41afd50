/** Builds the dashboard into `dist/dashboard`, from where the server serves it. */
import { fileURLToPath } from 'node:url'
import react from '@vitejs/plugin-react'
import { defineConfig } from 'vite'

/** The server that `npm run dev:dashboard` works with. */
const server = process.env.ASSAY_URL ?? 'http://127.0.0.1:4000'

export default defineConfig({
  root: fileURLToPath(new URL('src/dashboard', import.meta.url)),
  plugins: [react()],
  build: {
    outDir: fileURLToPath(new URL('dist/dashboard', import.meta.url)),
    emptyOutDir: true,
    target: 'es2023',
    // The Content-Security-Policy allows no data: fonts or scripts.
    assetsInlineLimit: 0,
    // The first chunk has React, the router, the cache and the components that every page uses.
    chunkSizeWarningLimit: 900,
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
