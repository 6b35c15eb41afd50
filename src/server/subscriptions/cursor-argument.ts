import {
  type DocumentNode,
  type FieldNode,
  getOperationAST,
  Kind,
  type VariableDefinitionNode,
  type VariableNode,
  visit,
} from 'graphql'

const cached = new WeakMap<DocumentNode, Map<string | null, string | null>>()

/**
 * The variable that is nothing but the cursor of a subscription: the argument `after` of its field, optional and without
 * a default. Null if there is none.
 */
export function cursorVariable(document: DocumentNode, operationName: string | null): string | null {
  const known = cached.get(document) ?? new Map<string | null, string | null>()
  cached.set(document, known)
  let name = known.get(operationName)
  if (name === undefined) {
    name = findCursorVariable(document, operationName)
    known.set(operationName, name)
  }
  return name
}

function findCursorVariable(document: DocumentNode, operationName: string | null): string | null {
  const operation = getOperationAST(document, operationName)
  const field = operation?.selectionSet.selections.find((node): node is FieldNode => node.kind === Kind.FIELD)
  const after = field?.arguments?.find(({ name }) => name.value === 'after')?.value
  if (!operation || after?.kind !== Kind.VARIABLE) return null
  const name = after.name.value
  const definition = operation.variableDefinitions?.find(({ variable }) => variable.name.value === name)
  if (!definition || !isOptional(definition)) return null
  return usesOf(document, name) === 1 ? name : null
}

function isOptional({ type, defaultValue }: VariableDefinitionNode): boolean {
  return type.kind !== Kind.NON_NULL_TYPE && defaultValue === undefined
}

function usesOf(document: DocumentNode, name: string): number {
  let uses = 0
  visit(document, {
    // A definition is no use.
    VariableDefinition: () => false,
    Variable(node: VariableNode) {
      if (node.name.value === name) uses += 1
    },
  })
  return uses
}
