import type { CodegenConfig } from '@graphql-codegen/cli'

/** Types the operations of the command line, the examples and the client against the committed schema. */
const config: CodegenConfig = {
  schema: 'schema/schema.graphql',
  generates: {
    'src/cli/gql/': {
      documents: ['src/cli/*.ts', 'examples/**/*.ts'],
      preset: 'client',
      presetConfig: { fragmentMasking: false },
      config: {
        enumsAsTypes: true,
        useTypeImports: true,
        strictScalars: true,
        scalars: { DateTime: 'string', JSON: 'unknown' },
      },
    },
    // As texts, so that the client depends on no GraphQL library.
    'src/client/gql/': {
      documents: ['src/client/operations.ts'],
      preset: 'client',
      presetConfig: { fragmentMasking: false },
      config: {
        enumsAsTypes: true,
        useTypeImports: true,
        strictScalars: true,
        scalars: { DateTime: 'string', JSON: 'unknown' },
        documentMode: 'string',
      },
    },
  },
  importExtension: '.ts',
  silent: true,
}

export default config
