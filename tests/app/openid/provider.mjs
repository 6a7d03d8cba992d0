// The certified provider of the npm registry, set up to answer as INDIGO IAM with WLCG's profile does.
// Usage: node provider.mjs PORT FILE; FILE is JSON with `clients` and `users`. Prints "ready" when it listens.
// What stays different: `typ` of access tokens, the slash of their issuer, and that people log in by their
// subject with any password.

import { generateKeyPairSync } from "node:crypto";
import { readFileSync } from "node:fs";
import Provider, { errors } from "oidc-provider";

const [port, file] = process.argv.slice(2);
const { clients, users } = JSON.parse(readFileSync(file, "utf8"));
const issuer = `http://127.0.0.1:${port}/`;
const anyAudience = "https://wlcg.cern.ch/jwt/v1/any";
const exchange = "urn:ietf:params:oauth:grant-type:token-exchange";
const scopes = ["openid", "profile", "offline_access", "wlcg.groups"];
const key = { ...generateKeyPairSync("rsa", { modulusLength: 2048 }).privateKey.export({ format: "jwk" }) };

/** What IAM says of a person; groups have a slash in front in WLCG's profile. */
function about(user) {
  return {
    sub: user.subject,
    name: user.name,
    preferred_username: user.username,
    "wlcg.groups": user.groups.map((group) => `/${group}`),
  };
}

const bySubject = new Map(users.map((user) => [user.subject, user]));

/** IAM takes the audience of the request at hand, whatever was asked for at the login. */
function resourceServer(context) {
  return {
    scope: scopes.join(" "),
    audience: context.oidc?.body?.audience || anyAudience,
    accessTokenFormat: "jwt",
    accessTokenTTL: 3600,
    jwt: { sign: { alg: "RS256" } },
  };
}

const provider = new Provider(issuer, {
  clients,
  jwks: { keys: [{ ...key, kid: "rsa1", use: "sig", alg: "RS256" }] },
  pkce: { required: () => true },
  scopes,
  claims: { openid: ["sub"], profile: ["name", "preferred_username"], "wlcg.groups": ["wlcg.groups"] },
  cookies: { keys: ["of a test"] },
  findAccount: (_context, id) => {
    const user = bySubject.get(id);
    return user && { accountId: user.subject, claims: () => about(user) };
  },
  // As a client of IAM with offline_access, which needs no prompt for it.
  issueRefreshToken: () => true,
  // Stricter than IAM: a refresh token that comes twice ends the whole grant.
  rotateRefreshToken: () => true,
  extraTokenClaims: (_context, token) => {
    const user = bySubject.get(token.accountId);
    const { sub: _sub, ...said } = user ? about(user) : {};
    return { "wlcg.ver": "1.0", nbf: Math.floor(Date.now() / 1000), ...said };
  },
  routes: {
    authorization: "/authorize",
    token: "/token",
    userinfo: "/userinfo",
    jwks: "/jwk",
    introspection: "/introspect",
    revocation: "/revoke",
  },
  features: {
    devInteractions: { enabled: true },
    introspection: { enabled: true },
    revocation: { enabled: true },
    clientCredentials: { enabled: true },
    resourceIndicators: {
      enabled: true,
      defaultResource: () => anyAudience,
      useGrantedResource: () => true,
      getResourceServerInfo: resourceServer,
    },
  },
});

// RFC 8693 as IAM does it: our own access tokens for another audience, nothing else.
provider.registerGrantType(
  exchange,
  async (context) => {
    const { oidc } = context;
    const [, payload] = oidc.params.subject_token.split(".");
    const subject = JSON.parse(Buffer.from(payload ?? "", "base64url").toString() || "{}");
    if (subject.iss !== issuer || !bySubject.has(subject.sub)) throw new errors.InvalidGrant("not ours");
    const token = new provider.AccessToken({
      accountId: subject.sub,
      client: oidc.client,
      scope: oidc.params.scope,
      gty: exchange,
    });
    token.resourceServer = new provider.ResourceServer(anyAudience, resourceServer(context));
    context.body = {
      access_token: await token.save(),
      token_type: "Bearer",
      expires_in: 3600,
      issued_token_type: "urn:ietf:params:oauth:token-type:jwt",
    };
  },
  ["subject_token", "subject_token_type", "audience", "scope"],
);

provider.on("server_error", (_context, error) => console.error("server error", error.stack));
provider.on("grant.error", (_context, error) => console.error("grant error", error.message, error.error_detail));
provider.listen(Number(port), "127.0.0.1", () => console.log("ready"));
