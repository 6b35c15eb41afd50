/**
 * What one request may ask for. Everything is decided before anything is executed, over HTTP and WebSocket alike:
 * size while parsing, depth and aliases while validating, cost when the variables are known.
 */
import type { Plugin } from '@envelop/core'
import {
  type ASTVisitor,
  type DocumentNode,
  type ExecutionArgs,
  GraphQLError,
  parse,
  type SelectionSetNode,
  type ValidationContext,
} from 'graphql'
import { documentCost } from './document-cost.ts'

export const limits = {
  /** Characters of a document. */
  characters: 100_000,
  tokens: 5_000,
  /** Fields within fields. */
  depth: 16,
  aliases: 50,
  /** Objects that may be returned. */
  cost: 50_000,
}

export function useDocumentLimits(): Plugin {
  const checkCost = (args: ExecutionArgs) => {
    const cost = documentCost(args)
    if (cost <= limits.cost) return null
    return tooMuch(
      `could return ${cost.toLocaleString('en')} objects`,
      `${limits.cost.toLocaleString('en')}; ask for smaller pages`,
    )
  }
  return {
    onParse({ params, setParseFn }) {
      const { length } = String(params.source)
      if (length > limits.characters) throw tooMuch(`has ${length} characters`, limits.characters)
      setParseFn((source, options) => parse(source, { ...options, maxTokens: limits.tokens }))
    },
    onValidate({ addValidationRule }) {
      addValidationRule(limitShape)
    },
    onExecute({ args, setResultAndStopExecution }) {
      const error = checkCost(args)
      if (error) setResultAndStopExecution({ errors: [error] })
    },
    onSubscribe({ args, setResultAndStopExecution }) {
      const error = checkCost(args)
      if (error) setResultAndStopExecution({ errors: [error] })
    },
  }
}

function limitShape(context: ValidationContext): ASTVisitor {
  return {
    Document(document) {
      const { depth, aliases } = measure(document)
      if (depth > limits.depth) context.reportError(tooMuch(`is ${depth} levels deep`, limits.depth))
      if (aliases > limits.aliases) context.reportError(tooMuch(`has ${aliases} aliases`, limits.aliases))
    },
  }
}

interface Shape {
  depth: number
  aliases: number
}

/** Of the whole document; every fragment is measured once, so that fragments cannot multiply the work. */
function measure(document: DocumentNode): Shape {
  const fragments = new Map(
    document.definitions.flatMap((definition) =>
      definition.kind === 'FragmentDefinition' ? [[definition.name.value, definition.selectionSet] as const] : [],
    ),
  )
  const measured = new Map<string, Shape>()
  const nothing = { depth: 0, aliases: 0 }

  const measureFragment = (name: string): Shape => {
    const known = measured.get(name)
    if (known) return known
    // Also ends cycles, which another rule reports.
    measured.set(name, nothing)
    const set = fragments.get(name)
    const shape = set ? measureSet(set) : nothing
    measured.set(name, shape)
    return shape
  }
  const measureSet = (set: SelectionSetNode): Shape => {
    const total = { ...nothing }
    for (const selection of set.selections) {
      // The schema's description of itself is as deep as it is, and costs nothing.
      if (selection.kind === 'Field' && selection.name.value.startsWith('__')) continue
      const inner =
        selection.kind === 'FragmentSpread'
          ? measureFragment(selection.name.value)
          : selection.selectionSet
            ? measureSet(selection.selectionSet)
            : nothing
      const own = selection.kind === 'Field' ? 1 : 0
      total.depth = Math.max(total.depth, inner.depth + own)
      total.aliases += inner.aliases + (selection.kind === 'Field' && selection.alias ? 1 : 0)
    }
    return total
  }
  const shapes = document.definitions.map((definition) =>
    definition.kind === 'OperationDefinition' ? measureSet(definition.selectionSet) : nothing,
  )
  return {
    depth: Math.max(...shapes.map((shape) => shape.depth)),
    aliases: Math.max(...shapes.map((shape) => shape.aliases)),
  }
}

function tooMuch(got: string, limit: number | string): GraphQLError {
  return new GraphQLError(`This document ${got}; the limit is ${limit}.`, { extensions: { code: 'LIMIT' } })
}
