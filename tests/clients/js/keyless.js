// Signs by a signing config and verifies by a trusted root, which sigstore-js does as a library only.
const { readFileSync, writeFileSync } = require("node:fs");
const { bundleFromJSON, bundleToJSON } = require("@sigstore/bundle");
const { SigningConfig, TrustedRoot } = require("@sigstore/protobuf-specs");
const { bundleBuilderFromSigningConfig } = require("@sigstore/sign");
const { Verifier, toSignedEntity, toTrustMaterial } = require("@sigstore/verify");

const json = (file) => JSON.parse(readFileSync(file, "utf8"));

async function sign(config, token, bundleType, file, output) {
  const builder = bundleBuilderFromSigningConfig({
    signingConfig: SigningConfig.fromJSON(json(config)),
    identityProvider: { getToken: async () => token },
    bundleType,
  });
  const bundle = await builder.create({ data: readFileSync(file), type: "application/vnd.in-toto+json" });
  writeFileSync(output, JSON.stringify(bundleToJSON(bundle)));
}

function verify(root, identity, issuer, file, ...bundles) {
  const verifier = new Verifier(toTrustMaterial(TrustedRoot.fromJSON(json(root))));
  const policy = { subjectAlternativeName: `^${identity}$`, extensions: { issuer } };
  for (const bundle of bundles.map((name) => bundleFromJSON(json(name)))) {
    const artifact = bundle.content.$case === "messageSignature" ? readFileSync(file) : undefined;
    verifier.verify(toSignedEntity(bundle, artifact), policy);
  }
}

const [verb, ...rest] = process.argv.slice(2);
const verbs = { sign, verify };
Promise.resolve(rest).then((given) => verbs[verb](...given)).catch((error) => {
  console.error(error);
  process.exitCode = 1;
});
