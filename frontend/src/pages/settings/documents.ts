import { graphql } from "../../api/graphql";

export const TokensQuery = graphql(`
  query Tokens {
    viewer {
      name
      username
      roles
      groups
      accessTokens { id name rights createdAt endsAt lastUsedAt revokedAt }
    }
  }
`);

export const CreateTokenMutation = graphql(`
  mutation CreateToken($name: String!, $days: Int!) {
    made: createAccessToken(name: $name, days: $days) {
      __typename
      ... on AccessTokenCreated { secret accessToken { id name endsAt } }
      ... on AccessTokenRefused { message }
    }
  }
`);

export const RevokeTokenMutation = graphql(`
  mutation RevokeToken($id: BigInt!) {
    revoked: revokeAccessToken(id: $id) {
      __typename
      ... on AccessTokenRevoked { id }
      ... on AccessTokenRefused { message }
    }
  }
`);
