/** What the rows of an option that is a list consist of. */
export interface Column {
  name: string
  label: string
  type: 'TEXT' | 'NUMBER'
  placeholder?: string
  isRequired?: true
}

export const variableColumns: readonly Column[] = [
  { name: 'name', label: 'Name', type: 'TEXT', placeholder: 'context', isRequired: true },
  { name: 'path', label: 'JSONPath', type: 'TEXT', placeholder: '$.metadata.context', isRequired: true },
]
export const weightColumns: readonly Column[] = [
  { name: 'name', label: 'Score', type: 'TEXT', placeholder: 'correct', isRequired: true },
  { name: 'weight', label: 'Weight', type: 'NUMBER' },
]
export const labelColumns: readonly Column[] = [
  { name: 'label', label: 'Label', type: 'TEXT', isRequired: true },
  { name: 'value', label: 'Value', type: 'NUMBER', placeholder: 'a category' },
  { name: 'description', label: 'When it applies', type: 'TEXT' },
]

/** What is missing in rows of an option, as a sentence. */
export function rowProblem(rows: readonly object[], columns: readonly Column[]): string | undefined {
  for (const [index, row] of rows.entries()) {
    const missing = columns.find(({ name, isRequired }) => isRequired && !String(Reflect.get(row, name) ?? '').trim())
    if (missing) return `Row ${index + 1}: expected ${missing.label.toLowerCase()}, got nothing.`
  }
  return undefined
}
