import {
  coerceInputValue,
  type ExecutionArgs,
  GraphQLError,
  isInputType,
  typeFromAST,
  type VariableDefinitionNode,
} from 'graphql'
import { excerpt } from '../../domain/excerpt.ts'

/** Maximum length of a message that quotes input. */
const messageCharacters = 1_000

/** The errors of variables with their quoted input cut, and with the path of that input: the variable, then inside it. */
export function describeVariableErrors(
  errors: readonly GraphQLError[],
  { schema, variableValues }: Pick<ExecutionArgs, 'schema' | 'variableValues'>,
): GraphQLError[] {
  const paths = new Map<VariableDefinitionNode, string[][]>()
  const secrets: string[] = []
  collectSecrets(variableValues, false, secrets)
  return errors.map((error) => {
    const { message, nodes, source, positions, path, originalError, extensions } = error
    const definition = nodes?.find((node) => node.kind === 'VariableDefinition')
    let input: string[] | undefined
    if (definition) {
      const name = definition.variable.name.value
      const inside = paths.get(definition) ?? findWrong(definition, schema, variableValues?.[name], errors.length)
      paths.set(definition, inside)
      input = [name, ...(inside.shift() ?? [])]
    }
    const shown = secrets.reduce((text, secret) => text.replaceAll(secret, '********'), message)
    return new GraphQLError(excerpt(shown, messageCharacters), {
      nodes,
      source,
      positions,
      path,
      originalError,
      extensions: { ...extensions, code: 'INVALID_INPUT', ...(input && { path: input }) },
    })
  })
}

/** Adds the texts in members that are never shown again: a message may quote the whole input that they are in. */
function collectSecrets(value: unknown, isSecret: boolean, secrets: string[]): void {
  if (typeof value === 'string') {
    if (isSecret && value !== '') secrets.push(value)
  } else if (Array.isArray(value)) {
    for (const member of value) collectSecrets(member, isSecret, secrets)
  } else if (typeof value === 'object' && value !== null) {
    for (const name in value) {
      collectSecrets((value as Record<string, unknown>)[name], isSecret || name === 'apiKey', secrets)
    }
  }
}

/** Where a value is wrong, at most `max` places: graphql-js has these paths in its messages only. */
function findWrong(
  definition: VariableDefinitionNode,
  schema: ExecutionArgs['schema'],
  value: unknown,
  max: number,
): string[][] {
  const type = typeFromAST(schema, definition.type)
  const found: string[][] = []
  if (value == null || !isInputType(type)) return found
  const enough = new Error()
  try {
    coerceInputValue(value, type, (path) => {
      if (found.push(path.map(String)) >= max) throw enough
    })
  } catch (error) {
    if (error !== enough) throw error
  }
  return found
}
