import type { CodegenConfig } from '@graphql-codegen/cli'

/** Types the operations of the command line and the examples against the committed schema. */
const config: CodegenConfig = {
  schema: 'schema/schema.graphql',
  documents: ['src/cli/*.ts', 'examples/**/*.ts'],
  generates: {
    'src/cli/gql/': {
      preset: 'client',
      presetConfig: { fragmentMasking: false },
      config: {
        enumsAsTypes: true,
        useTypeImports: true,
        strictScalars: true,
        scalars: { DateTime: 'string', JSON: 'unknown' },
      },
    },
  },
  importExtension: '.ts',
  silent: true,
}

export default config
