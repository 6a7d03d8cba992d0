import { graphql } from "../../../api/graphql";

export const TrailQuery = graphql(`
  query RequestTrail($prefix: String!) {
    auditTrail(
      first: 100
      filter: { objectKey: { startsWith: $prefix } }
      sort: [{ by: NUMBER, direction: DESC }]
    ) {
      nodes { number at actor action objectKind objectKey before after upstreamCall outcome reason }
      totalCount
    }
  }
`);
