import type { CodegenConfig } from '@graphql-codegen/cli'

const operations = {
  preset: 'client',
  presetConfig: { fragmentMasking: false },
  config: {
    enumsAsTypes: true,
    useTypeImports: true,
    strictScalars: true,
    scalars: { DateTime: 'string', JSON: 'unknown' },
  },
} as const

/** Types the operations of the command line, the examples, the dashboard and the client against the committed schema. */
const config: CodegenConfig = {
  schema: 'schema/schema.graphql',
  generates: {
    'src/cli/gql/': { ...operations, documents: ['src/cli/**/*.ts', '!src/cli/gql/**', 'examples/**/*.ts'] },
    'src/dashboard/gql/': { ...operations, documents: ['src/dashboard/**/*.{ts,tsx}', '!src/dashboard/gql/**'] },
    // As texts, so that the client depends on no GraphQL library.
    'src/client/gql/': {
      ...operations,
      documents: ['src/client/operations/*.ts'],
      config: { ...operations.config, documentMode: 'string' },
    },
    'src/importers/gql/': {
      ...operations,
      documents: ['src/importers/operations.ts'],
      config: { ...operations.config, documentMode: 'string' },
    },
    'src/mcp/gql/': {
      ...operations,
      documents: ['src/mcp/operations.ts'],
      config: { ...operations.config, documentMode: 'string' },
    },
  },
  importExtension: '.ts',
  silent: true,
}

export default config
