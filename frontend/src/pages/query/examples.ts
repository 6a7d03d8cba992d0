/** Questions that people have, as a start for their own. */

export const EXAMPLES = [
  {
    key: "production",
    text: `query Production {
  request(name: "PROD2025-013") {
    ... on Request {
      intent
      execution
      completeness { fraction missingSeeds }
      steps {
        kind
        execution
        attempts { task { jediTaskId status jobsExpected jobsFinished } datasets { did sizeBytes } }
      }
    }
    ... on Absent { message }
  }
}
`,
  },
  {
    key: "samples",
    text: `query Samples {
  requests(
    filter: {
      energyGev: { eq: 27 }
      collisionType: { eq: "pp" }
      polarization: { eq: "UU" }
      events: { gte: 40000000 }
      datasets: { replicas: { storage: { site: { name: { eq: "JINR" } } } } }
    }
  ) {
    totalCount
    nodes { name tag events datasets(filter: { dataType: { eq: "R" } }) { nodes { did sizeBytes } } }
  }
}
`,
  },
  {
    key: "partial",
    text: `query Partial {
  requests(filter: { execution: [PARTIAL, FAILED, ATTENTION] }) {
    nodes { name execution completeness { fraction reason missingSeeds } }
  }
}
`,
  },
  {
    key: "byMonth",
    text: `query ByMonth {
  statistics {
    production(groupBy: [MONTH, STEP]) {
      keys { dimension value }
      tasks
      events { value known }
      outputBytes { value known }
    }
  }
}
`,
  },
  {
    key: "ending",
    text: `query Ending($until: DateTime = "2027-01-01") {
  rules(filter: { expiresAt: { lt: $until } }, sort: [{ by: EXPIRES_AT }], first: 20) {
    nodes { did rseExpression expiresAt dataset { sizeBytes } }
  }
}
`,
  },
  {
    key: "changes",
    text: `subscription Changes {
  syncChanged { name isStale lastOkAt }
}
`,
  },
] as const;
