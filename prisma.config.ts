import { defineConfig } from 'prisma/config'

// Every Prisma command first looks for a schema engine and downloads it when there is none. Generating needs none,
// and migrations are applied by src/db/migrate.ts, so any executable will do.
process.env.PRISMA_SCHEMA_ENGINE_BINARY ??= process.execPath

export default defineConfig({ schema: 'prisma/schema.prisma' })
