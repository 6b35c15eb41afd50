/**
 * Global ids: base64url of `Type:raw id`. Everything that leaves the process (GraphQL, exports, logs, traces, arguments
 * of tasks) names rows by them; inside, rows are named by their raw ids.
 */

const uuid = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/
const bigint = /^(0|[1-9]\d{0,17})$/
/** A row of a run or of a review queue: its id and a number. */
const ordinalOfRun = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}:(0|[1-9]\d{0,8})$/
const bigintOfRun = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}:(0|[1-9]\d{0,17})$/
const versionOfItem = /^(0|[1-9]\d{0,17}):(0|[1-9]\d{0,8})$/

/** The format of the raw ids of each type; any other id cannot exist and never reaches the database. */
const shapes = {
  ApiKey: uuid,
  Attachment: uuid,
  Dataset: uuid,
  DatasetItem: bigint,
  DatasetItemRevision: versionOfItem,
  EndpointLimit: uuid,
  Evaluator: uuid,
  Experiment: uuid,
  ModelPrice: uuid,
  Person: uuid,
  Project: uuid,
  Prompt: uuid,
  PromptVersion: uuid,
  Provider: uuid,
  ReviewItem: ordinalOfRun,
  ReviewQueue: uuid,
  Run: uuid,
  RunItem: ordinalOfRun,
  Score: bigintOfRun,
  ScoreConfig: uuid,
} as const satisfies Record<string, RegExp>

export type NodeType = keyof typeof shapes

/**
 * The global id of the row of a type with this raw id. Names of types and raw ids are of letters, digits, hyphens and
 * colons, whose base64 is base64url but for the padding; `btoa` takes a third of the time of a Buffer.
 */
export function encodeGlobalId(type: string, id: string): string {
  const text = `${type}:${id}`
  const padding = (3 - (text.length % 3)) % 3
  const encoded = btoa(text)
  return encoded.slice(0, encoded.length - padding)
}

/** The type and the raw id in a global id; null for any other text, also when no row can have the id. */
export function parseGlobalId(text: string): { type: NodeType; id: string } | null {
  const { type, id } = splitGlobalId(text)
  return type !== null && isRawId(type, id) ? { type, id } : null
}

/** The parts of a text that may be a global id; the type is null when there is none of that name. */
export function splitGlobalId(text: string): { type: NodeType | null; id: string } {
  const decoded = Buffer.from(text, 'base64url').toString()
  const colon = decoded.indexOf(':')
  const name = decoded.slice(0, colon)
  return { type: Object.hasOwn(shapes, name) ? (name as NodeType) : null, id: decoded.slice(colon + 1) }
}

/** Whether the id has the format of this type's raw ids. */
export function isRawId(type: NodeType, id: string): boolean {
  return shapes[type].test(id)
}

/** A raw id of this type that no row has. */
export function unusedRawId(type: NodeType): string {
  const nil = '00000000-0000-0000-0000-000000000000'
  switch (shapes[type]) {
    case bigint:
      return '0'
    case versionOfItem:
      return '0:0'
    case ordinalOfRun:
    case bigintOfRun:
      return `${nil}:0`
    default:
      return nil
  }
}
