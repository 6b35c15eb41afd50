/** An item of a dataset to try a prompt on, and what a model would get for it. */
import { graphql } from '../../../gql/gql.ts'

export const itemToTry = graphql(`
  query ItemToTry($datasetId: ID!, $skip: Int!) {
    node(id: $datasetId) {
      id
      ... on Dataset { itemCount items(first: 1, skip: $skip) { nodes { id input metadata expectedOutput key item { id } } } }
    }
  }
`)

export const previewPrompt = graphql(`
  mutation PreviewPromptOfForm($input: PreviewPromptInput!) {
    previewPrompt(input: $input) {
      ... on PreviewPromptPayload {
        messages {
          role
          parts {
            __typename
            ... on TextPart { text }
            ... on FilePart { url mediaType filename attachment { id url mediaType filename } }
            ... on ToolCallPart { callId name arguments }
            ... on ToolResultPart { callId name output }
          }
        }
        answer {
          output latencyMs costUsd inputTokens outputTokens
          generation { finishReason steps reasoning warnings }
        }
        error { code message }
      }
      ... on UserError { message path }
    }
  }
`)
