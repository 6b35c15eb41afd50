/** Datasets and their items. */
import { graphql } from '../gql/gql.ts'

export const DatasetParts = graphql(/* GraphQL */ `
  fragment DatasetParts on Dataset {
    id
    name
    description
    metadata
    version
    itemCount
    createdAt
  }
`)

export const FindDataset = graphql(/* GraphQL */ `
  query FindDataset($name: String!) {
    dataset(name: $name) { ...DatasetParts }
  }
`)

export const ListDatasets = graphql(/* GraphQL */ `
  query ListDatasets($after: String, $search: String) {
    datasets(first: 100, after: $after, filter: { search: $search }) {
      nodes { ...DatasetParts }
      pageInfo { hasNextPage endCursor }
    }
  }
`)

export const CreateDataset = graphql(/* GraphQL */ `
  mutation CreateDataset($input: CreateDatasetInput!) {
    createDataset(input: $input) {
      __typename
      ... on CreateDatasetPayload { dataset { ...DatasetParts } }
      ... on UserError { message code path }
    }
  }
`)

export const DatasetVersionAsOf = graphql(/* GraphQL */ `
  query DatasetVersionAsOf($id: ID!, $after: String) {
    node(id: $id) {
      ... on Dataset {
        versions(first: 100, after: $after) {
          nodes { version createdAt itemCount }
          pageInfo { hasNextPage endCursor }
        }
      }
    }
  }
`)

export const ListDatasetItems = graphql(/* GraphQL */ `
  query ListDatasetItems($id: ID!, $version: Int, $after: String) {
    node(id: $id) {
      ... on Dataset {
        items(first: 100, after: $after, version: $version) {
          nodes { item { id } key input expectedOutput metadata tags }
          pageInfo { hasNextPage endCursor }
        }
      }
    }
  }
`)

export const UpsertDatasetItems = graphql(/* GraphQL */ `
  mutation UpsertDatasetItems($input: UpsertDatasetItemsInput!) {
    upsertDatasetItems(input: $input) {
      __typename
      ... on UpsertDatasetItemsPayload { added changed unchanged dataset { ...DatasetParts } }
      ... on UserError { message code path }
    }
  }
`)

export const ArchiveDatasetItems = graphql(/* GraphQL */ `
  mutation ArchiveDatasetItems($input: ArchiveDatasetItemsInput!) {
    archiveDatasetItems(input: $input) {
      __typename
      ... on ArchiveDatasetItemsPayload { archived dataset { ...DatasetParts } }
      ... on UserError { message code path }
    }
  }
`)
