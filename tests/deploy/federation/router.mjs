// Composes the gateway with a logbook of another team, and asks both at once: `router.mjs URL` prints JSON.
import { composeServices } from "@apollo/composition";
import { ApolloGateway, LocalGraphQLDataSource, RemoteGraphQLDataSource } from "@apollo/gateway";
import { buildSubgraphSchema } from "@apollo/subgraph";
import { parse } from "graphql";

const url = process.argv[2];

// What another team has about our things, by the keys that people know.
const logbook = parse(`
  extend schema @link(url: "https://specs.apollo.dev/federation/v2.3", import: ["@key"])
  type Query { entries: [Entry!]! }
  type Entry { text: String! about: Request site: Site by: Person task: Task }
  type Request @key(fields: "name") { name: String! entries: [Entry!]! }
  type Site @key(fields: "name") { name: String! }
  type Person @key(fields: "username") { username: String! }
  type Task @key(fields: "jediTaskId") { jediTaskId: BigInt! }
  scalar BigInt
`);
const entries = [
  { text: "beam test", about: { name: "PROD2025-013" }, site: { name: "JINR" }, by: { username: "prodman" }, task: { jediTaskId: 362 } },
  { text: "of nothing", about: { name: "PROD2025-999" }, site: null, by: null, task: null },
  { text: "again", about: { name: "PROD2025-013" }, site: { name: "PNPI" }, by: null, task: { jediTaskId: 364 } },
];
const resolvers = {
  Query: { entries: () => entries },
  Request: { entries: ({ name }) => entries.filter((one) => one.about.name === name) },
};

async function ask(query, variables = {}) {
  const response = await fetch(url, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ query, variables }),
  });
  return response.json();
}

const { data } = await ask("{ _service { sdl } }");
const composed = composeServices([
  { name: "gateway", typeDefs: parse(data._service.sdl), url },
  { name: "logbook", typeDefs: logbook, url: "http://logbook.invalid" },
]);
if (composed.errors) throw new Error(composed.errors.map((error) => error.message).join("\n"));

const asked = [];
const gateway = new ApolloGateway({
  supergraphSdl: composed.supergraphSdl,
  buildService: ({ name }) =>
    name === "logbook"
      ? new LocalGraphQLDataSource(buildSubgraphSchema({ typeDefs: logbook, resolvers }))
      : new (class extends RemoteGraphQLDataSource {
          willSendRequest({ request }) {
            asked.push(request.query);
          }
        })({ url }),
});
const { executor } = await gateway.load();

async function execute(query) {
  const result = await executor({
    document: parse(query),
    request: { query, variables: {} },
    queryHash: query,
    context: {},
    schema: gateway.schema,
    logger: console,
    metrics: {},
    operation: parse(query).definitions[0],
    operationName: null,
    source: query,
    cache: {},
    overallCachePolicy: { policyIfCacheable: () => null },
  });
  return { data: result.data ?? null, errors: (result.errors ?? []).map((error) => error.message) };
}

const fromTheirs = await execute(
  "{ entries { text about { name execution } site { name country } by { username displayName } task { jediTaskId status } } }",
);
const fromOurs = await execute("{ requests(first: 2, filter: {name: {in: [\"PROD2025-013\"]}}) { nodes { name entries { text } } } }");
await gateway.stop();
console.log(JSON.stringify({ fromTheirs, fromOurs, asked }));
