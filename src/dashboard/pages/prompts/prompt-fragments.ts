/** What a prompt consists of, as its editor needs it. */
import { graphql } from '../../gql/gql.ts'

export const parameterParts = graphql(`
  fragment ParameterParts on ModelParameters {
    temperature
    maxOutputTokens
    topP
    topK
    presencePenalty
    frequencyPenalty
    stopSequences
    seed
    reasoningEffort
    providerOptions
  }
`)

export const promptContent = graphql(`
  fragment PromptContentParts on PromptContent {
    messages { role content }
    parameters { ...ParameterParts }
    outputSchema
    maxSteps
    tools {
      name
      description
      inputSchema
      function {
        __typename
        ... on ModuleTool { name }
        ... on HttpTask { url method headers body outputPath costPath inputTokensPath outputTokensPath }
      }
    }
  }
`)

/** A line in a list of prompts, and the head of its page. */
export const promptSummary = graphql(`
  fragment PromptSummary on Prompt {
    id
    name
    description
    version
    updatedAt
    archivedAt
    labels { name version movedAt movedBy { name } }
  }
`)
