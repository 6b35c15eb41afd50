/** What can score: what a kind says, when it is of use, and what can be set of it. */
import type { ScoreDataType } from '../../gql/graphql.ts'

/** JSON. */
export type OptionValue =
  | (string | number | boolean | null)
  | readonly OptionValue[]
  | { readonly [name: string]: OptionValue }

export interface OptionField {
  /** As in the input of the kind. */
  name: string
  label: string
  help?: string
  type:
    | ('TEXT' | 'PATTERN' | 'NUMBER' | 'JSON' | 'YES_NO' | 'CHOICE' | 'CODE' | 'LIST')
    | ('PROVIDER' | 'MODEL' | 'PARAMETERS' | 'RUN' | 'MESSAGES' | 'SCALE' | 'VARIABLES' | 'WEIGHTS' | 'HIDDEN')
  isRequired?: true
  placeholder?: string
  choices?: readonly { value: string; label: string }[]
  /** The server's default, which the form starts with. */
  value?: OptionValue
  /** Not among what one usually sets. */
  isRare?: true
}

export interface EvaluatorKind {
  /** Of one that comes along its type, of others the type of their definition. */
  type: string
  /** As in the input of a definition. */
  member: string
  isBuiltin: boolean
  label: string
  group: 'Judges' | 'Right answers' | 'Right form' | 'Limits' | 'Your own'
  /** What it says. */
  help: string
  example: string
  fields: readonly OptionField[]
  /** What is set of its scores; default: nothing, the kind says it. With `all` it begins as this type. */
  rules?: { all: ScoreDataType } | 'DIRECTION'
}
