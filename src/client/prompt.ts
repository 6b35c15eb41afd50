import type { Json } from '../domain/json/json.ts'
import { toJson } from '../domain/json/to-json.ts'
import { type PromptContent, PromptError, type RenderedMessage } from '../domain/prompt/prompt.ts'
import { renderPrompt } from '../domain/prompt/render-prompt.ts'
import { eachNode, found, payloadOf } from './answers.ts'
import { RefusedError } from './errors.ts'
import type { CreatePromptInput, PromptContentInput, PromptVersionPartsFragment } from './gql/graphql.ts'
import {
  CreatePrompt,
  FindNewestPrompt,
  FindPromptVersion,
  ListPrompts,
  SetPromptLabel,
  UpdatePrompt,
} from './operations/prompt.ts'
import { type ModelPrompt, modelPrompt, type TextMessage, textMessages } from './prompt-messages.ts'
import type { Transport } from './transport.ts'

/** Which version of a prompt: one of them, or neither for the newest one. */
export interface PromptAt {
  version?: number
  label?: string
}

/** What a prompt is rendered for: an item of a dataset, or an input alone. */
export interface PromptVariables {
  input: unknown
  metadata?: unknown
}

/** The content of a new version, and what is said of it. */
export interface NewPromptVersion extends PromptContentInput {
  /** What changed. */
  message?: string
  /** Labels that the version gets. */
  labels?: string[]
}

export interface NewPrompt extends NewPromptVersion {
  /** Unique in the project; `/` groups names. */
  name: string
  description?: string
  metadata?: unknown
}

/** Parameters of a model under their names in the AI SDK. */
export type PromptParameters = {
  [Name in keyof PromptVersionPartsFragment['content']['parameters']]?: NonNullable<
    PromptVersionPartsFragment['content']['parameters'][Name]
  >
}

/** A version of a prompt. It never changes, so it can be rendered here, by the same code as the server's. */
export class Prompt {
  readonly #transport: Transport
  readonly #parts: PromptVersionPartsFragment
  /** One object for all renderings, because what was read of its templates is kept with it. */
  readonly #templates: PromptContent

  constructor(transport: Transport, parts: PromptVersionPartsFragment) {
    this.#transport = transport
    this.#parts = parts
    this.#templates = { messages: parts.content.messages, parameters: {}, tools: [], maxSteps: 1 }
  }

  /** Of the prompt, whatever the version. */
  get id(): string {
    return this.#parts.prompt.id
  }

  get name(): string {
    return this.#parts.prompt.name
  }

  get description(): string | null {
    return this.#parts.prompt.description
  }

  get metadata(): unknown {
    return this.#parts.prompt.metadata
  }

  get version(): number {
    return this.#parts.version
  }

  /** What changed in this version. */
  get message(): string | null {
    return this.#parts.message
  }

  /** The labels that this version had when it was read. */
  get labels(): readonly string[] {
    return this.#parts.labels
  }

  /** The names in its templates. */
  get variables(): readonly string[] {
    return this.#parts.variables
  }

  get content(): PromptVersionPartsFragment['content'] {
    return this.#parts.content
  }

  /** The parameters that it sets. */
  get parameters(): PromptParameters {
    const given = Object.entries(this.#parts.content.parameters).filter(([, value]) => value !== null)
    return Object.fromEntries(given) as PromptParameters
  }

  /**
   * The prompt for an item, as the functions of the AI SDK take it: `generateText({ model, ...(await prompt.render(item)) })`.
   * Attachments are loaded from the server.
   * @throws {PromptError} the item has no value for a name, or one that cannot be inserted
   */
  async render(variables: PromptVariables): Promise<ModelPrompt> {
    return modelPrompt(this.#messages(variables), async (id) => {
      return this.#transport.send(`/attachments/${id}`, { method: 'GET' }, async (response) => {
        if (!response.ok) throw new RefusedError(`There is no attachment ${id} in this project.`, 'NOT_FOUND')
        const mediaType = response.headers.get('content-type') ?? 'application/octet-stream'
        return { data: new Uint8Array(await response.arrayBuffer()), mediaType }
      })
    })
  }

  /**
   * The prompt as messages of text, as OpenAI's API takes them. The members of `variables` are what the templates name.
   * @throws {PromptError} as `render`, and for a message that is more than text
   */
  compile(variables: unknown = {}): TextMessage[] {
    return textMessages(this.#messages({ input: variables }))
  }

  /**
   * Makes this the content of the newest version; equal content makes none.
   * @param ifVersion refuse when another version than this has become the newest meanwhile
   * @throws {RefusedError} CONFLICT
   */
  async update(
    { message, labels, ...content }: NewPromptVersion,
    { ifVersion }: { ifVersion?: number } = {},
  ): Promise<Prompt> {
    const input = {
      id: this.id,
      content,
      ...(message !== undefined && { message }),
      ...(labels && { labels }),
      ...(ifVersion !== undefined && { ifVersion }),
    }
    const { prompt } = payloadOf((await this.#transport.request(UpdatePrompt, { input })).updatePrompt)
    return new Prompt(this.#transport, prompt.newest)
  }

  /** Gives a label to this version; another version that has it loses it. @returns this version as it is then */
  async setLabel(label: string): Promise<Prompt> {
    const input = { promptId: this.id, label, version: this.version }
    const { prompt } = payloadOf((await this.#transport.request(SetPromptLabel, { input })).setPromptLabel)
    const labels = prompt.labels.filter(({ version }) => version === this.version).map(({ name }) => name)
    return new Prompt(this.#transport, { ...this.#parts, labels })
  }

  #messages({ input, metadata = null }: PromptVariables): RenderedMessage[] {
    const variables = { input: toJson(input) as Json, metadata: toJson(metadata) as Json }
    const rendered = renderPrompt(this.#templates, variables)
    if (rendered instanceof PromptError) throw rendered
    return rendered.messages
  }
}

/** The prompts of the project. */
export class Prompts {
  readonly #transport: Transport

  constructor(transport: Transport) {
    this.#transport = transport
  }

  /** A version by its number or label; default: the newest. @throws {RefusedError} NOT_FOUND */
  async get(name: string, { version, label }: PromptAt = {}): Promise<Prompt> {
    if (version === undefined && label === undefined) {
      const { prompt } = await this.#transport.request(FindNewestPrompt, { name })
      return new Prompt(this.#transport, found(prompt, `prompt "${name}"`).newest)
    }
    const asked = { name, version: version ?? null, label: label ?? null }
    const { promptVersion } = await this.#transport.request(FindPromptVersion, asked)
    const what = version === undefined ? `label "${label}"` : `version ${version}`
    return new Prompt(this.#transport, found(promptVersion, `${what} of prompt "${name}"`))
  }

  /** Creates a prompt with its first version. @throws {RefusedError} CONFLICT: there is one of that name; `update` it */
  async create({ name, description, metadata, message, labels, ...content }: NewPrompt): Promise<Prompt> {
    const input: CreatePromptInput = {
      name,
      content,
      ...(description !== undefined && { description }),
      ...(metadata !== undefined && { metadata }),
      ...(message !== undefined && { message }),
      ...(labels && { labels }),
    }
    const { prompt } = payloadOf((await this.#transport.request(CreatePrompt, { input })).createPrompt)
    return new Prompt(this.#transport, prompt.newest)
  }

  /** All prompts in their newest versions, or those with this text in name, description or content. */
  async *list(search?: string): AsyncGenerator<Prompt> {
    const nodes = eachNode(async (after) => {
      const { prompts } = await this.#transport.request(ListPrompts, { after, search: search ?? null })
      return prompts
    })
    for await (const { newest } of nodes) yield new Prompt(this.#transport, newest)
  }
}
