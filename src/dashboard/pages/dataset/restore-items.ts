import { graphql } from '../../gql/gql.ts'

/** Archived items come back in a new version. */
export const restoreItems = graphql(`
  mutation RestoreDatasetItems($input: RestoreDatasetItemsInput!) {
    restoreDatasetItems(input: $input) {
      __typename
      ... on RestoreDatasetItemsPayload { restored dataset { id version itemCount tags { tag count } } }
      ... on UserError { message path }
    }
  }
`)
