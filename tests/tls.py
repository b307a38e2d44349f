"""A sigstead that speaks TLS on every listener."""

import re
import ssl
import urllib.request

from stack import Program, Stack, run, wait_for

SERVICES = Stack.SERVICES


class TlsStack(Stack):
    """The five services as processes of their own, over TLS; the CT log lets in the CA alone. Takes dsse 0.0.2."""

    @classmethod
    def split(cls, binary, data, database, issuer, authority):
        made = Stack.up(binary, data, database)
        made.stop()
        file = tls_config(made, authority, issuer)
        urls = {name: url.replace("http:", "https:") if name in SERVICES else url for name, url in made.urls.items()}
        admin = ["--set", "admin.listen=127.0.0.1:0"]
        programs = [Program([binary, s, "--config", file, *admin], data.parent / f"{s}.log") for s in SERVICES]
        stack = cls(binary, data, {**urls, "issuer": issuer.issuer}, programs, issuer)
        stack.cafile = authority.pem
        for program in programs:
            wait_for(lambda: "https://" in program.output(), "a service over TLS")
        # The documents for clients, with the configuration's URLs.
        told = run([binary, "client", "env", "cosign2", "--config", file]).stdout
        assert stack.urls["ca"] in told and "http://127.0.0.1" not in told.replace(made.urls["issuer"], "")
        return stack

    def get(self, service, path):
        context = ssl.create_default_context(cafile=self.cafile)
        with urllib.request.urlopen(self.service_url(service)[:-1] + path, timeout=10, context=context) as answer:
            return answer.read()


def tls_config(made, authority, issuer):
    """`up`'s configuration with TLS in every section."""
    file = made.document("sigstead.toml")
    text = re.sub(r'^((?:ct_)?url = "http):', r"\1s:", file.read_text(), flags=re.M)
    text = text.replace("\ndsse = false\n", "\ndsse = true\n")
    text = text.replace('"issuers.yaml"', f'"{issuer.data / "issuers.yaml"}"')
    certificate, key = authority.client("ca-client", "spiffe://test/ca")
    call = f'ct_ca = "{authority.pem}"\nct_client_certificate = "{certificate}"\nct_client_key = "file:{key}"\n'
    text = text.replace("\nct_url = ", f"\n{call}ct_url = ")
    for service in SERVICES:
        certificate, key = authority.issue(service, "127.0.0.1", f"{service}.test")
        text += f'\n[{service}.tls]\ncertificate = "{certificate}"\nkey = "file:{key}"\n'
        if service == "ct":
            text += f'client_auth = "required"\nclient_ca = "{authority.pem}"\nallowed_clients = ["spiffe://test/ca"]\n'
    file.write_text(text)
    return file
