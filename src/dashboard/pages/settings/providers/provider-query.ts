/** Providers of models as settings and forms show them; keys are never among it. */
import { graphql } from '../../../gql/gql.ts'

export const providerFields = graphql(`
  fragment ProviderFields on Provider {
    id
    name
    kind
    baseUrl
    region
    resourceName
    apiVersion
    accessKeyId
    keySource
    apiKeyVariable
    keySetAt
    updatedAt
    prices { id model prices { input output cachedInput cacheWrite reasoning } }
  }
`)

export const providersQuery = graphql(`
  query ProvidersOfSettings {
    providers(first: 100) { nodes { ...ProviderFields } }
  }
`)

export const createProvider = graphql(`
  mutation CreateProvider($input: CreateProviderInput!) {
    createProvider(input: $input) {
      ... on CreateProviderPayload { provider { ...ProviderFields } }
      ... on UserError { message path }
    }
  }
`)

export const updateProvider = graphql(`
  mutation UpdateProvider($input: UpdateProviderInput!) {
    updateProvider(input: $input) {
      ... on UpdateProviderPayload { provider { ...ProviderFields } }
      ... on UserError { message path }
    }
  }
`)

export const deleteProvider = graphql(`
  mutation DeleteProvider($input: DeleteProviderInput!) {
    deleteProvider(input: $input) { ... on DeleteProviderPayload { deletedId } ... on UserError { message path } }
  }
`)

export const testProvider = graphql(`
  mutation TestProvider($input: TestProviderInput!) {
    testProvider(input: $input) {
      ... on TestProviderPayload { problem message latencyMs costUsd servedModels }
      ... on UserError { message path }
    }
  }
`)

export const modelsQuery = graphql(`
  query ModelsOfProvider($providerId: ID!, $search: String) {
    models(first: 50, filter: { providerId: $providerId, search: $search }) {
      nodes { name title contextTokens isOverridden prices { input output } }
    }
  }
`)

export const setModelPrice = graphql(`
  mutation SetModelPrice($input: SetModelPriceInput!) {
    setModelPrice(input: $input) {
      ... on SetModelPricePayload { modelPrice { id model } }
      ... on UserError { message path }
    }
  }
`)

export const deleteModelPrice = graphql(`
  mutation DeleteModelPrice($input: DeleteModelPriceInput!) {
    deleteModelPrice(input: $input) { ... on DeleteModelPricePayload { deletedId } ... on UserError { message path } }
  }
`)
