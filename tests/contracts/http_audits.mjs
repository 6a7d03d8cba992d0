// Runs the audits of GraphQL over HTTP against one URL and prints a JSON list of their results.
// Usage: node http_audits.mjs http://127.0.0.1:8000/graphql

import { serverAudits } from "graphql-http";

const url = process.argv[2];
if (!url) {
  console.error("usage: node http_audits.mjs URL");
  process.exit(2);
}

const results = [];
for (const audit of serverAudits({ url })) {
  const result = await audit.fn();
  results.push({
    id: audit.id,
    name: audit.name,
    status: result.status,
    reason: result.status === "ok" ? null : String(result.reason),
  });
}
console.log(JSON.stringify(results));
