// An OpenID provider for the tests of clients' interactive and device flows: oidc-provider with one client, `sigstore`. Whoever
// signs in with an address is the owner of that address.
import { generateKeyPairSync, randomBytes } from "node:crypto";
import { readFileSync } from "node:fs";
import http from "node:http";
import https from "node:https";
import Provider from "oidc-provider";

const [issuer, certificate, key] = process.argv.slice(2);
// With it the client is a confidential one: sigstore-python always authenticates itself, cosign's device flow never does.
const secret = process.env.CLIENT_SECRET;
const signing = generateKeyPairSync("rsa", { modulusLength: 2048 }).privateKey.export({ format: "jwk" });

const client = {
  client_id: "sigstore",
  application_type: "native",
  grant_types: ["authorization_code", "urn:ietf:params:oauth:grant-type:device_code"],
  // RFC 8252, section 7.3: any port of the loopback interface.
  redirect_uris: ["http://localhost/auth/callback", "urn:ietf:wg:oauth:2.0:oob"],
  ...(secret ? { client_secret: secret } : { token_endpoint_auth_method: "none" }),
};
const owner = (address) => ({ sub: address, email: address, email_verified: true });

const provider = new Provider(issuer, {
  clients: [client],
  jwks: { keys: [{ ...signing, alg: "RS256", use: "sig" }] },
  cookies: { keys: [randomBytes(32).toString("hex")] },
  claims: { email: ["email", "email_verified"] },
  // Tokens of Sigstore's clients say who it is; nobody asks at userinfo.
  conformIdTokenClaims: false,
  findAccount: (_, address) => ({ accountId: address, claims: () => owner(address) }),
  extraTokenClaims: (_, token) => owner(token.accountId),
  features: {
    deviceFlow: { enabled: true },
    // Access tokens are JWTs for Fulcio: sigstore-python sends them, as it may with Dex, instead of ID tokens.
    resourceIndicators: {
      enabled: true,
      defaultResource: () => "urn:sigstead:fulcio",
      useGrantedResource: () => true,
      getResourceServerInfo: () => ({
        audience: "sigstore",
        scope: "openid email",
        accessTokenFormat: "jwt",
        jwt: { sign: { alg: "RS256" } },
      }),
    },
  },
});

const { hostname, port } = new URL(issuer);
const server = certificate
  ? https.createServer({ cert: readFileSync(certificate), key: readFileSync(key) }, provider.callback())
  : http.createServer(provider.callback());
server.listen(port, hostname);
