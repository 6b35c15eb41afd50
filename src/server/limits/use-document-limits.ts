/**
 * Limits of one operation, over both transports. Size is checked while parsing, depth, aliases and selections while validating,
 * variables and cost before execution, the size of the response after it. Expensive operations are queued.
 */
import type { Plugin } from '@envelop/core'
import {
  type ASTVisitor,
  type ExecutionArgs,
  type ExecutionResult,
  GraphQLError,
  getOperationAST,
  getVariableValues,
  parse,
  type ValidationContext,
} from 'graphql'
import type { OperationCaller } from '../use-statement-scope.ts'
import { answerSize, isLargerThan, maxAnswerSize } from './answer-size.ts'
import { documentCost } from './document-cost.ts'
import { measureDocument } from './document-shape.ts'
import { ExpensiveOperations } from './expensive-operations.ts'
import { describeVariableErrors } from './variable-errors.ts'

export const limits = {
  /** Characters in a document. */
  characters: 100_000,
  tokens: 5_000,
  /** Nesting of fields. */
  depth: 16,
  aliases: 50,
  /** Of all operations, with every fragment written out: compiling a document goes through all of them. */
  selections: 5_000,
  /** Returned objects plus extra work, see document-cost.ts. */
  cost: 50_000,
  /** Reported errors of variables. */
  variableErrors: 5,
}

export function useDocumentLimits(): Plugin<OperationCaller> {
  const expensive = new ExpensiveOperations()

  /** The extra work of an operation, or its errors. */
  const check = (args: ExecutionArgs): { work: number } | { errors: GraphQLError[] } => {
    const { schema, document, operationName, variableValues } = args
    const definitions = getOperationAST(document, operationName)?.variableDefinitions ?? []
    const { errors, coerced = {} } = getVariableValues(schema, definitions, variableValues ?? {}, {
      maxErrors: limits.variableErrors,
    })
    if (errors) return { errors: describeVariableErrors(errors, args) }
    const { objects, work } = documentCost({ schema, document, operationName, variables: coerced })
    const cost = Math.ceil(objects + work)
    if (cost <= limits.cost) return { work }
    const [returned, worked, together] = [Math.ceil(objects), work, cost].map((number) => number.toLocaleString('en'))
    const more = work > 0 ? ` and takes work worth ${worked}, together ${together}` : ''
    const got = `could return ${returned} objects${more}`
    return { errors: [tooMuch(got, `${limits.cost.toLocaleString('en')}; ask for smaller pages`)] }
  }
  const checkAnswer = (result: unknown, setResult: (result: { errors: GraphQLError[] }) => void) => {
    const { data, ...rest } = result as ExecutionResult
    const left = maxAnswerSize - (data == null ? 0 : answerSize(data))
    if (left >= 0 && !isLargerThan(rest, left)) return
    const message = `This answer is larger than ${maxAnswerSize / 1024 / 1024} MB; ask for fewer rows or fields, or use an export.`
    setResult({ errors: [new GraphQLError(message, { extensions: { code: 'LIMIT' } })] })
  }
  return {
    onParse({ params, setParseFn }) {
      const { length } = String(params.source)
      if (length > limits.characters) throw tooMuch(`has ${length} characters`, limits.characters)
      setParseFn((source, options) => parseWithinStack(() => parse(source, { ...options, maxTokens: limits.tokens })))
    },
    onValidate({ addValidationRule }) {
      addValidationRule(limitShape)
    },
    async onExecute({ args, setResultAndStopExecution }) {
      const checked = check(args)
      if ('errors' in checked) return setResultAndStopExecution(checked)
      const caller = args.contextValue as OperationCaller
      caller.isExpensive = checked.work > 0
      const leave = caller.isExpensive ? await expensive.enter(caller.client, caller.gone) : null
      return {
        onExecuteDone({ result, setResult }) {
          leave?.()
          checkAnswer(result, setResult)
        },
      }
    },
    onSubscribe({ args, setResultAndStopExecution }) {
      const checked = check(args)
      if ('errors' in checked) return setResultAndStopExecution(checked)
      return {
        onSubscribeResult: () => ({ onNext: ({ result, setResult }) => checkAnswer(result, setResult) }),
      }
    },
  }
}

/** Says of what was too much. The parser is recursive: nested brackets exhaust the stack long before the token limit. */
function parseWithinStack<T>(parse: () => T): T {
  try {
    return parse()
  } catch (error) {
    if (error instanceof GraphQLError && error.message.includes(`${limits.tokens} tokens`)) {
      throw tooMuch('has more tokens than are read', limits.tokens)
    }
    if (error instanceof RangeError) throw tooMuch('has brackets nested too deep to be read', 'about 1,000')
    throw error
  }
}

function limitShape(context: ValidationContext): ASTVisitor {
  return {
    Document(document) {
      const { depth, aliases, selections } = measureDocument(document)
      if (depth > limits.depth) context.reportError(tooMuch(`is ${depth} levels deep`, limits.depth))
      if (aliases > limits.aliases) context.reportError(tooMuch(`has ${aliases} aliases`, limits.aliases))
      if (selections > limits.selections) {
        const got = 'has too many fields and fragments when its fragments are written out'
        context.reportError(tooMuch(got, limits.selections.toLocaleString('en')))
      }
    },
  }
}

function tooMuch(got: string, limit: number | string): GraphQLError {
  return new GraphQLError(`This document ${got}; the limit is ${limit}.`, { extensions: { code: 'LIMIT' } })
}
