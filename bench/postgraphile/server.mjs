// PostGraphile 5 on the database in DATABASE_URL (a libpq address), on a free port of the loopback interface.
// It prints the port when it listens. Relations that the gateway declares and the database does not (copies of
// other services have no foreign keys) are declared as smart tags, so that both answer the same question.
import { createServer } from "node:http";
import { grafserv } from "postgraphile/grafserv/node";
import { postgraphile } from "postgraphile";
import { PostGraphileAmberPreset } from "postgraphile/presets/amber";
import { makePgService } from "postgraphile/adaptors/pg";
import { jsonPgSmartTags } from "postgraphile/utils";

const foreignKey = (columns, target, single, many) =>
  `(${columns}) references public.${target}|@fieldName ${single}|@foreignFieldName ${many}`;

const tags = {
  version: 1,
  config: {
    class: {
      "public.requests": {
        tags: { foreignKey: [foreignKey("requested_by", "people (username)", "requester", "requests")] },
      },
      "public.people": { tags: { unique: ["username"] } },
      "public.attempts": {
        tags: { foreignKey: [foreignKey("jedi_task_id", "tasks (jedi_task_id)", "task", "attempts")] },
      },
      "public.task_job_counts": {
        tags: {
          foreignKey: [
            foreignKey("jedi_task_id", "tasks (jedi_task_id)", "task", "jobCounts"),
            foreignKey("queue_name", "queues (name)", "queue", "jobCounts"),
          ],
        },
      },
      "public.queues": { tags: { foreignKey: [foreignKey("site_name", "sites (name)", "site", "queues")] } },
      "public.datasets": {
        tags: { foreignKey: [foreignKey("attempt_key", "attempts (key)", "attempt", "datasets")] },
      },
      "public.replicas": {
        tags: {
          foreignKey: [
            foreignKey("did", "datasets (did)", "dataset", "replicas"),
            foreignKey("rse_name", "storages (name)", "storage", "replicas"),
            foreignKey("rse_name", "storage_endpoints (rse_name)", "endpoint", "replicas"),
          ],
        },
      },
      "public.rules": { tags: { foreignKey: [foreignKey("did", "datasets (did)", "dataset", "rules")] } },
      "public.storage_endpoints": {
        tags: { foreignKey: [foreignKey("site_name", "sites (name)", "site", "endpoints")] },
      },
    },
  },
};

const preset = {
  extends: [PostGraphileAmberPreset],
  plugins: [jsonPgSmartTags(tags)],
  pgServices: [makePgService({ connectionString: process.env.DATABASE_URL, schemas: ["public"] })],
  grafserv: { graphiql: false, watch: false },
  grafast: { explain: false },
};

const instance = postgraphile(preset);
const server = createServer();
server.on("error", (error) => {
  console.error(error.message);
  process.exit(1);
});
const serv = instance.createServ(grafserv);
await serv.addTo(server);
const schema = await instance.getSchema();
if (process.env.PRINT_SCHEMA) {
  const { printSchema } = await import("graphql");
  console.log(printSchema(schema));
  process.exit(0);
}
server.listen(0, "127.0.0.1", () => console.log(JSON.stringify({ port: server.address().port })));
