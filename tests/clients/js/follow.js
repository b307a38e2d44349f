// Fetches the trusted root from a TUF mirror, into an empty cache.
const { getTrustedRoot } = require("@sigstore/tuf");

const [mirrorURL, rootPath, cachePath] = process.argv.slice(2);
getTrustedRoot({ mirrorURL, rootPath, cachePath, retry: 0 }).catch((error) => {
  console.error(error);
  process.exitCode = 1;
});
