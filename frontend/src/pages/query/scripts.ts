/** A query as something to paste elsewhere: a line for a shell, a few for Python. */

interface Query {
  text: string;
  variables: Record<string, unknown>;
}

/** Return the text without the `__typename` that the panel asks for its cache. */
export function readable(text: string): string {
  return text
    .split("\n")
    .filter((line) => line.trim() !== "__typename" || /on \w+ \{/.test(line))
    .join("\n");
}

const body = ({ text, variables }: Query) => ({
  query: text,
  ...(Object.keys(variables).length > 0 ? { variables } : {}),
});

/** A word that no shell takes apart. */
const quoted = (word: string) => `'${word.replaceAll("'", "'\\''")}'`;

export function asCurl(query: Query, url: string): string {
  return `curl ${quoted(url)} -H 'Content-Type: application/json' \\\n  --data-raw ${quoted(JSON.stringify(body(query)))}`;
}

/** JSON as a literal of Python, which differs in three words. */
function literal(value: unknown, indent = "    "): string {
  if (value === null || value === undefined) return "None";
  if (value === true) return "True";
  if (value === false) return "False";
  if (Array.isArray(value)) return `[${value.map((one) => literal(one, indent)).join(", ")}]`;
  if (typeof value === "object")
    return `{${Object.entries(value)
      .map(([key, one]) => `${JSON.stringify(key)}: ${literal(one, indent)}`)
      .join(", ")}}`;
  return JSON.stringify(value);
}

/** Needs nothing but Python itself. */
export function asPython(query: Query, url: string): string {
  const text = query.text.replaceAll("\\", "\\\\").replaceAll('"""', '\\"\\"\\"');
  return `import json
from urllib.request import Request, urlopen

query = """
${text}
"""
variables = ${literal(query.variables)}

body = json.dumps({"query": query, "variables": variables}).encode()
request = Request(${JSON.stringify(url)}, body, {"Content-Type": "application/json"})
print(json.dumps(json.load(urlopen(request)), indent=2))`;
}
