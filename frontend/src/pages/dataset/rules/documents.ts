import { graphql } from "../../../api/graphql";

const RuleAnswer = graphql(`
  fragment RuleAnswer on RuleChangeResult @_unmask {
    __typename
    ... on RuleChanged { ruleId }
    ... on OutcomeUnknown { message }
    ... on Refused { code message }
  }
`);

export const AddRuleMutation = graphql(
  `
    mutation AddRule($did: String!, $rseExpression: String!, $copies: BigInt!, $lifetimeSeconds: BigInt, $comment: String) {
      change: addRule(
        did: $did
        rseExpression: $rseExpression
        copies: $copies
        lifetimeSeconds: $lifetimeSeconds
        comment: $comment
      ) { ...RuleAnswer }
    }
  `,
  [RuleAnswer],
);

export const RuleLifetimeMutation = graphql(
  `
    mutation RuleLifetime($ruleId: String!, $lifetimeSeconds: BigInt) {
      change: setRuleLifetime(ruleId: $ruleId, lifetimeSeconds: $lifetimeSeconds) { ...RuleAnswer }
    }
  `,
  [RuleAnswer],
);

export const DeleteRuleMutation = graphql(
  `
    mutation DeleteRule($ruleId: String!, $reason: String!) {
      change: deleteRule(ruleId: $ruleId, reason: $reason) { ...RuleAnswer }
    }
  `,
  [RuleAnswer],
);
