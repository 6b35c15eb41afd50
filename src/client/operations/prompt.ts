/** Prompts, their versions and labels. */
import { graphql } from '../gql/gql.ts'

export const PromptVersionParts = graphql(/* GraphQL */ `
  fragment PromptVersionParts on PromptVersion {
    id
    version
    message
    labels
    variables
    createdAt
    prompt { id name description metadata }
    content {
      messages { role content }
      parameters {
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
      outputSchema
      tools { name description inputSchema }
      maxSteps
    }
  }
`)

export const FindPromptVersion = graphql(/* GraphQL */ `
  query FindPromptVersion($name: String!, $version: Int, $label: String) {
    promptVersion(name: $name, version: $version, label: $label) { ...PromptVersionParts }
  }
`)

export const FindNewestPrompt = graphql(/* GraphQL */ `
  query FindNewestPrompt($name: String!) {
    prompt(name: $name) { newest { ...PromptVersionParts } }
  }
`)

export const ListPrompts = graphql(/* GraphQL */ `
  query ListPrompts($after: String, $search: String) {
    prompts(first: 100, after: $after, filter: { search: $search }) {
      nodes { newest { ...PromptVersionParts } }
      pageInfo { hasNextPage endCursor }
    }
  }
`)

export const CreatePrompt = graphql(/* GraphQL */ `
  mutation CreatePromptOfClient($input: CreatePromptInput!) {
    createPrompt(input: $input) {
      __typename
      ... on CreatePromptPayload { prompt { newest { ...PromptVersionParts } } }
      ... on UserError { message code path }
    }
  }
`)

export const UpdatePrompt = graphql(/* GraphQL */ `
  mutation UpdatePromptOfClient($input: UpdatePromptInput!) {
    updatePrompt(input: $input) {
      __typename
      ... on UpdatePromptPayload { prompt { newest { ...PromptVersionParts } } }
      ... on UserError { message code path }
    }
  }
`)

export const SetPromptLabel = graphql(/* GraphQL */ `
  mutation SetPromptLabelOfClient($input: SetPromptLabelInput!) {
    setPromptLabel(input: $input) {
      __typename
      ... on SetPromptLabelPayload { prompt { labels { name version } } }
      ... on UserError { message code path }
    }
  }
`)
