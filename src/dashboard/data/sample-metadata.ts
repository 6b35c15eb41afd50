/** The metadata of some items, from which filters suggest. */
import type { Client } from 'urql'
import { graphql } from '../gql/gql.ts'

const ofRun = graphql(`
  query MetadataOfRun($id: ID!) {
    run(id: $id) { id items(first: 100) { nodes { id revision { id metadata } } } }
  }
`)

const ofDataset = graphql(`
  query MetadataOfDataset($id: ID!) {
    node(id: $id) { id ... on Dataset { items(first: 100) { nodes { id metadata } } } }
  }
`)

export async function metadataOfRun(client: Client, id: string): Promise<readonly unknown[]> {
  const { data } = await client.query(ofRun, { id }).toPromise()
  return data?.run?.items?.nodes.map(({ revision }) => revision.metadata) ?? []
}

export async function metadataOfDataset(client: Client, id: string): Promise<readonly unknown[]> {
  const { data } = await client.query(ofDataset, { id }).toPromise()
  const items = data?.node && 'items' in data.node ? data.node.items : null
  return items?.nodes.map(({ metadata }) => metadata) ?? []
}
