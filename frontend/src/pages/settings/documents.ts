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

const Chosen = graphql(`
  fragment Chosen on NotificationSettings @_unmask {
    isMailPossible
    address
    isConfirmed
    kinds
    onlyOwn
  }
`);

export const NotificationsQuery = graphql(
  `
    query Notifications {
      notificationSettings { ...Chosen }
    }
  `,
  [Chosen],
);

export const SetNotificationsMutation = graphql(
  `
    mutation SetNotifications($kinds: [NoticeKind!]!, $onlyOwn: Boolean!, $address: String) {
      change: setNotifications(kinds: $kinds, onlyOwn: $onlyOwn, address: $address) {
        __typename
        ... on NotificationsSet { settings { ...Chosen } isCodeAwaited }
        ... on Refused { message }
      }
    }
  `,
  [Chosen],
);

export const ConfirmAddressMutation = graphql(
  `
    mutation ConfirmAddress($code: String!) {
      change: confirmNotificationAddress(code: $code) {
        __typename
        ... on NotificationsSet { settings { ...Chosen } isCodeAwaited }
        ... on Refused { message }
      }
    }
  `,
  [Chosen],
);

export const ForgetNotificationsMutation = graphql(
  `
    mutation ForgetNotifications {
      change: forgetNotifications {
        __typename
        ... on NotificationsSet { settings { ...Chosen } isCodeAwaited }
        ... on Refused { message }
      }
    }
  `,
  [Chosen],
);
