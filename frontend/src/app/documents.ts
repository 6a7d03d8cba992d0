import { graphql } from "../api/graphql";

export const PaletteQuery = graphql(`
  query Palette($text: String!) {
    search(text: $text, first: 6) {
      matchedIn
      found {
        __typename
        ... on Request { name tag }
        ... on Task { jediTaskId taskName: name status }
        ... on Dataset { did }
        ... on Person { username displayName }
        ... on Site { siteName: name }
        ... on Queue { queueName: name }
        ... on Storage { storageName: name }
        ... on Campaign { campaignName: name }
      }
    }
  }
`);

/** What is said on every page when a service's copy is old. */
export const SourceHealthQuery = graphql(`
  query SourceHealth {
    sources { name isStale staleReason lastOkAt }
  }
`);

export const SyncChanges = graphql(`
  subscription SyncChanges {
    syncChanged { name }
  }
`);
