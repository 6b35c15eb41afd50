/**
 * Executes queries and subscriptions as compiled functions, which halves the time of large results.
 *
 * - Compiling costs more than interpreting once, so a query is compiled on its second execution. A subscription is compiled
 *   at once: one source serves all that are equal for as long as any of them lasts.
 * - Mutations are interpreted: they are rare, and graphql-jit does not support `@oneOf` inputs.
 * - Variables are coerced by graphql-js: graphql-jit does not apply defaults inside input objects.
 * - Documents with directives are interpreted: graphql-jit leaves out the fields of a fragment everywhere where one of its
 *   spreads is left out, and writes every condition out at every field below it. So is introspection, which may be nested
 *   as deep as it likes, and whatever would become much longer as a function than it is as a text.
 * - A subscription's source is interpreted, its events are compiled: graphql-jit passes the source the variables of the
 *   operation instead of its arguments.
 * - Errors have a path but no locations: Yoga takes them from nodes, which compiled functions do not have.
 * - Compiled functions are cached by document and operation name (@envelop/graphql-jit caches by document alone and
 *   executes the first operation for the second).
 */
import { isAsyncIterable, makeExecute, makeSubscribe, mapAsyncIterator, type Plugin } from '@envelop/core'
import {
  BREAK,
  createSourceEventStream,
  type DocumentNode,
  type ExecutionArgs,
  getOperationAST,
  getVariableValues,
  type OperationDefinitionNode,
  SchemaMetaFieldDef,
  TypeMetaFieldDef,
  visit,
} from 'graphql'
import { type CompiledQuery, compileQuery, isCompiledQuery } from 'graphql-jit'
import { measureDocument } from './limits/document-shape.ts'

type Compiled = CompiledQuery | 'seen once' | 'not compilable'

export function useCompiledExecution(): Plugin {
  const documents = new WeakMap<DocumentNode, Map<string | null, Compiled>>()

  const compiledFor = (
    { schema, document, operationName = null }: ExecutionArgs,
    atOnce: boolean,
  ): CompiledQuery | null => {
    let operations = documents.get(document)
    if (!operations) {
      operations = new Map()
      documents.set(document, operations)
    }
    const known = operations.get(operationName)
    if (known === undefined && !atOnce) {
      operations.set(operationName, 'seen once')
      return null
    }
    if (known === 'not compilable') return null
    if (known !== undefined && known !== 'seen once') return known
    const compiled = isCompilable(document) ? compileQuery(schema, document, operationName ?? undefined) : null
    const isCompiled = compiled !== null && isCompiledQuery(compiled)
    operations.set(operationName, isCompiled ? compiled : 'not compilable')
    return isCompiled ? compiled : null
  }

  return {
    onExecute({ args, setExecuteFn }) {
      const operation = getOperationAST(args.document, args.operationName)
      const variables = operation?.operation === 'query' ? coerceVariables(args, operation) : null
      const compiled = variables && compiledFor(args, false)
      if (compiled) {
        setExecuteFn(makeExecute(({ rootValue, contextValue }) => compiled.query(rootValue, contextValue, variables)))
      }
    },
    onSubscribe({ args, setSubscribeFn }) {
      const operation = getOperationAST(args.document, args.operationName)
      const variables = operation ? coerceVariables(args, operation) : null
      const compiled = variables && compiledFor(args, true)
      if (compiled) setSubscribeFn(makeSubscribe((subscription) => subscribe(subscription, compiled, variables)))
    },
  }
}

/** The compiled function parses variables again, with code for every field of their types, nested ones included. */
const maxVariables = 20

function isCompilable(document: DocumentNode): boolean {
  let variables = 0
  let is = measureDocument(document).selections <= (document.loc?.end ?? 0)
  visit(document, {
    VariableDefinition() {
      variables += 1
    },
    Directive() {
      is = false
      return BREAK
    },
    Field({ name }) {
      if (name.value !== SchemaMetaFieldDef.name && name.value !== TypeMetaFieldDef.name) return
      is = false
      return BREAK
    },
  })
  return is && variables <= maxVariables
}

/** Null if invalid; the interpreter then reports the errors. */
function coerceVariables({ schema, variableValues }: ExecutionArgs, { variableDefinitions }: OperationDefinitionNode) {
  if (!variableDefinitions?.length) return {}
  const { coerced } = getVariableValues(schema, variableDefinitions, variableValues ?? {}, { maxErrors: 1 })
  return coerced ?? null
}

async function subscribe(args: ExecutionArgs, compiled: CompiledQuery, variables: Record<string, unknown>) {
  const events = await createSourceEventStream(args)
  if (!isAsyncIterable(events)) return events
  return mapAsyncIterator(events, (event) => compiled.query(event, args.contextValue, variables))
}
