import { graphql } from '../../gql/gql.ts'
import type { PromptPageQuery, PromptVersionPageQuery } from '../../gql/graphql.ts'

export const promptPage = graphql(`
  query PromptPage($id: ID!) {
    node(id: $id) {
      id
      ... on Prompt {
        ...PromptSummary
        metadata
        versions(first: 100) { nodes { id version message createdAt labels author { name } } totalCount }
        experiments(first: 20) { nodes { id name dataset { id name } task { ...TaskSummary } } }
        runs(first: 20) { nodes { ...RunSummary task { __typename ... on PromptTask { model prompt { version } } } } }
      }
    }
  }
`)

/** Null for the one before. */
export const promptVersionPage = graphql(`
  query PromptVersionPage($id: ID!, $fromId: ID) {
    node(id: $id) {
      id
      ... on PromptVersion {
        version
        message
        createdAt
        author { name }
        variables
        content { ...PromptContentParts }
        diff(fromId: $fromId) {
          same
          before { id version }
          messages { kind before { role content } after { role content } parts { kind text } }
          parameters { name before after }
          output { kind parts { kind text } }
          tools { kind name before { description inputSchema } after { description inputSchema } }
        }
      }
    }
  }
`)

export const updatePrompt = graphql(`
  mutation UpdatePrompt($input: UpdatePromptInput!) {
    updatePrompt(input: $input) {
      ... on UpdatePromptPayload { prompt { ...PromptSummary newest { id } } }
      ... on UserError { message path }
    }
  }
`)

export const createPrompt = graphql(`
  mutation CreatePrompt($input: CreatePromptInput!) {
    createPrompt(input: $input) {
      ... on CreatePromptPayload { prompt { ...PromptSummary } }
      ... on UserError { message path }
    }
  }
`)

export const setLabel = graphql(`
  mutation SetPromptLabel($input: SetPromptLabelInput!) {
    setPromptLabel(input: $input) {
      ... on SetPromptLabelPayload { prompt { ...PromptSummary } }
      ... on UserError { message path }
    }
  }
`)

export const removeLabel = graphql(`
  mutation RemovePromptLabel($input: RemovePromptLabelInput!) {
    removePromptLabel(input: $input) {
      ... on RemovePromptLabelPayload { prompt { ...PromptSummary } }
      ... on UserError { message path }
    }
  }
`)

export const archivePrompt = graphql(`
  mutation ArchivePrompt($input: ArchivePromptInput!) {
    archivePrompt(input: $input) {
      ... on ArchivePromptPayload { prompt { ...PromptSummary } }
      ... on UserError { message path }
    }
  }
`)

export const restorePrompt = graphql(`
  mutation RestorePrompt($input: RestorePromptInput!) {
    restorePrompt(input: $input) {
      ... on RestorePromptPayload { prompt { ...PromptSummary } }
      ... on UserError { message path }
    }
  }
`)

export const deletePrompt = graphql(`
  mutation DeletePrompt($input: DeletePromptInput!) {
    deletePrompt(input: $input) { ... on DeletePromptPayload { deletedId } ... on UserError { message path } }
  }
`)

export type PromptOfPage = Extract<NonNullable<PromptPageQuery['node']>, { versions: unknown }>
export type VersionInList = NonNullable<PromptOfPage['versions']>['nodes'][number]
export type VersionOfPage = Extract<NonNullable<PromptVersionPageQuery['node']>, { variables: unknown }>
