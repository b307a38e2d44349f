"""The Helm chart and the manifests: Helm's, kustomize's and Kubernetes' own verdict, and the pods' containers started."""

import base64
import json
import shutil
import sys
import tomllib
from pathlib import Path

import pytest
import yaml

from certificates import Authority
from clients.cosign import EMAIL
from conftest import CLIENTS
from deploy.deployed import DEPLOY, ROOT, SERVICES, Deployment, image
from stack import run

CHART = DEPLOY / "helm" / "sigstead"
SCENARIOS = ["production", "small", "private-ca", "tsa-only"]
# The newest that the schemas' package knows, and the oldest that the chart takes.
VERSIONS = ["1.37.0", "1.30.0"]
WORKLOADS = {"Deployment", "StatefulSet"}


def helm(*arguments, ok=True):
    return run([CLIENTS / "helm", *arguments], ok=ok)


def rendered(scenario, *flags, version=VERSIONS[0]):
    values = ["--values", CHART / f"values-{scenario}.yaml", "--kube-version", version]
    return helm("template", "sigstead", CHART, *values, *flags).stdout


def objects(text):
    return [thing for thing in yaml.safe_load_all(text) if thing]


def validate(text, folder, version=VERSIONS[0], ok=True):
    """Against the API's schemas; fields that they do not know are errors."""
    file = folder / "rendered.yaml"
    file.write_text(text)
    tool = Path(sys.executable).parent / "kubernetes-validate"
    return run([tool, "--strict", "--kubernetes-version", version.rsplit(".", 1)[0], file], ok=ok)


def kustomized(folder):
    return run([CLIENTS / "kustomize", "build", folder]).stdout


@pytest.mark.parametrize("scenario", SCENARIOS)
def test_helm_and_kubernetes_take_the_chart(scenario, tmp_path):
    helm("lint", "--strict", "--kube-version", VERSIONS[0], "--values", CHART / f"values-{scenario}.yaml", CHART)
    for version in VERSIONS:
        text = rendered(scenario, version=version)
        told = validate(text, tmp_path, version)
        # A kind without a schema would be no more than a warning.
        assert "Couldn't find schema" not in told.stdout + told.stderr
        names = [(thing["kind"], thing["metadata"]["name"]) for thing in objects(text)]
        assert len(names) == len(set(names)) and WORKLOADS & {kind for kind, _ in names}


def test_what_is_wrong_is_noticed(tmp_path):
    mistyped = ["--kube-version", VERSIONS[0], "--set", "services.ca.replica=3"]
    assert "replica" in helm("template", "sigstead", CHART, *mistyped, ok=False).stderr
    text = rendered("small").replace("readOnlyRootFilesystem", "readonlyRootFilesystem")
    validate(text, tmp_path, ok=False)


def test_the_manifests_are_the_chart_s(tmp_path):
    fresh = tmp_path / "sigstead.yaml"
    run([ROOT / "scripts" / "render-manifests", fresh], env={"PATH": "/usr/bin:/bin", "HELM": str(CLIENTS / "helm")})
    there = DEPLOY / "kubernetes" / "sigstead.yaml"
    assert fresh.read_text() == there.read_text(), "run scripts/render-manifests"
    validate(kustomized(DEPLOY / "kubernetes"), tmp_path)


def pods(things):
    """Workload's name, how many, its pod, and what of its volumes are claims."""
    for thing in things:
        if thing["kind"] in WORKLOADS:
            spec = thing["spec"]
            claims = [claim["metadata"]["name"] for claim in spec.get("volumeClaimTemplates", [])]
            yield thing["metadata"]["name"], spec["replicas"], spec["template"]["spec"], claims


def test_the_chart_has_the_version_of_the_program():
    workspace = tomllib.loads((ROOT / "Cargo.toml").read_text())["workspace"]["package"]
    assert yaml.safe_load((CHART / "Chart.yaml").read_text())["appVersion"] == workspace["version"]


def test_a_key_in_a_cloud_needs_no_secret(tmp_path):
    """But an identity, and variables that say where it is."""
    label = r"services.ca.podLabels.azure\.workload\.identity/use=true"
    settings = ["keyElsewhere=true", "serviceAccount=signer", "environment.AWS_REGION=eu-west-1"]
    flags = [part for setting in settings for part in ("--set", f"services.ca.{setting}")]
    text = rendered("production", *flags, "--set-string", label)
    validate(text, tmp_path)
    (ca,) = [thing for thing in objects(text) if (thing["kind"], thing["metadata"]["name"]) == ("Deployment", "sigstead-ca")]
    template = ca["spec"]["template"]
    assert template["metadata"]["labels"]["azure.workload.identity/use"] == "true"
    assert template["spec"]["serviceAccountName"] == "signer"
    assert {"name": "AWS_REGION", "value": "eu-west-1"} in template["spec"]["containers"][0]["env"]
    assert '"name": "sigstead-database"' in json.dumps(template) and '"name": "sigstead-ca"' not in json.dumps(template["spec"])
    token = rendered("production", *flags, "--set", "services.ca.keys={vault-token}")
    assert "{key: vault-token, path: keys/vault-token}" in token and "ca.key" not in token


def test_the_prometheus_operator_finds_every_service():
    things = objects(rendered("production", "--set", "podMonitor.enabled=true"))
    (monitor,) = [thing["spec"] for thing in things if thing["kind"] == "PodMonitor"]
    (endpoint,) = monitor["podMetricsEndpoints"]
    for thing in things:
        if thing["kind"] in WORKLOADS:
            template = thing["spec"]["template"]
            assert monitor["selector"]["matchLabels"].items() <= template["metadata"]["labels"].items()
            ports = template["spec"]["containers"][0]["ports"]
            assert endpoint["port"] in [port["name"] for port in ports]


@pytest.mark.parametrize("scenario", SCENARIOS)
def test_pods_have_no_rights(scenario):
    for name, _, pod, _ in pods(objects(rendered(scenario))):
        assert pod["securityContext"]["runAsNonRoot"] and not pod["automountServiceAccountToken"], name
        assert pod["securityContext"]["seccompProfile"] == {"type": "RuntimeDefault"}, name
        for container in pod["containers"]:
            rights = container["securityContext"]
            assert rights["readOnlyRootFilesystem"] and not rights["allowPrivilegeEscalation"], name
            assert rights["capabilities"] == {"drop": ["ALL"]}, name
            assert container["resources"]["limits"]["memory"] and container["readinessProbe"], name


class Cluster:
    """The folders that pods would see of ConfigMaps, Secrets and claims."""

    def __init__(self, host, things):
        self.host, self.folder = host, host.folder / "cluster"
        decode = {"ConfigMap": str.encode, "Secret": base64.b64decode}
        self.contents = {
            (thing["kind"], thing["metadata"]["name"]): {
                file: decode[thing["kind"]](text) for file, text in thing["data"].items()
            }
            for thing in things
            if thing["kind"] in decode
        }

    def mounted(self, pod_name, volume):
        if "persistentVolumeClaim" in volume:
            folder = self.folder / volume["persistentVolumeClaim"]["claimName"]
            folder.mkdir(parents=True, exist_ok=True)
            return folder
        folder = self.folder / pod_name / volume["name"]
        for source in volume.get("projected", {}).get("sources") or [volume]:
            kind, named = ("ConfigMap", source["configMap"]) if "configMap" in source else ("Secret", source["secret"])
            files = self.contents[kind, named.get("secretName") or named["name"]]
            items = named.get("items") or [{"key": name, "path": name} for name in files]
            for item in items:
                file = folder / item["path"]
                file.parent.mkdir(parents=True, exist_ok=True)
                file.write_bytes(files[item["key"]])
        return folder

    def start(self, things):
        """Every container of every pod, as many as are wanted."""
        built = image()
        for workload, replicas, pod, claims in pods(things):
            for number in range(replicas):
                (container,) = pod["containers"]
                service = container["name"]
                name = service if number == 0 else f"{service}-{number}"
                volumes = {volume["name"]: self.mounted(name, volume) for volume in pod["volumes"]}
                volumes |= {claim: self.folder / name / claim for claim in claims}
                folders = {mount["mountPath"]: volumes[mount["name"]] for mount in container["volumeMounts"]}
                environment = {setting["name"]: setting["value"] for setting in container["env"]}
                command = [*built["entrypoint"], *container["args"]]
                environment = {**built["environment"], **environment}
                self.host.start(service, command, environment, folders, built["health"], name=name)


def init_in(host, folder, database):
    """The folder that kustomize reads, made by `sigstead init`."""
    shutil.copytree(DEPLOY / "kubernetes" / "config", folder)
    host.init(database, ["/usr/bin/sigstead", "init", "--data", "/data", "--listen", "0.0.0.0"])
    shutil.copytree(host.data, folder / "sigstead-data")
    return kustomized(folder)


def test_production_runs_twice_everything_but_the_trust_root(binary, tmp_path, postgres, up_stack, work):
    with Deployment(binary, tmp_path / "host", up_stack) as host:
        config = init_in(host, tmp_path / "config", postgres.new_database())
        validate(config, tmp_path)
        things = objects(kustomized(DEPLOY / "kubernetes"))
        # The CA calls the CT log by the name and port of its Service.
        (ct,) = [thing for thing in things if (thing["kind"], thing["metadata"]["name"]) == ("Service", "sigstead-ct")]
        host.addresses = {f"http://sigstead-ct:{ct['spec']['ports'][0]['port']}": host.urls["ct"]}
        Cluster(host, objects(config)).start(things)
        assert len(host.programs) == 2 * len(SERVICES) - 1
        host.sign_and_verify(work)
        sizes = {json.loads(host.get(name, "/api/v1/log"))["treeSize"] for name in ("log", "log-1")}
        assert len(sizes) == 1 and sizes.pop() >= 2
        assert (tmp_path / "host/cluster/sigstead-tuf/tuf/timestamp.json").is_file()
        assert (tmp_path / "host/cluster/log/guard").is_dir() and (tmp_path / "host/cluster/ct-1/guard").is_dir()


def test_two_trust_roots_need_a_volume_for_both(binary, tmp_path, postgres, up_stack, work):
    twice = ["--set", "services.trust.replicas=2"]
    refused = helm("template", "sigstead", CHART, "--kube-version", VERSIONS[0], *twice, ok=False).stderr
    assert "tuf.accessMode=ReadWriteMany" in refused
    things = objects(rendered("production", *twice, "--set", "tuf.accessMode=ReadWriteMany"))
    (claim,) = [thing["spec"] for thing in things if thing["kind"] == "PersistentVolumeClaim"]
    assert claim["accessModes"] == ["ReadWriteMany"]
    trust = [thing for thing in things if (thing["kind"], thing["metadata"]["name"]) == ("Deployment", "sigstead-trust")]
    assert "rollingUpdate" in trust[0]["spec"]["strategy"]
    with Deployment(binary, tmp_path / "host", up_stack) as host:
        config = init_in(host, tmp_path / "config", postgres.new_database())
        Cluster(host, objects(config)).start(trust)
        assert host.get("trust", "/timestamp.json") == host.get("trust-1", "/timestamp.json")
        assert host.get("trust", "/root.json") == (host.data / "tuf-root.json").read_text()


def with_files(scenario, *files):
    """The scenario's objects, with these files in its ConfigMap."""
    flags = [("--set-file", "config.files.{}={}".format(file.name.replace(".", r"\."), file)) for file in files]
    return objects(rendered(scenario, *(part for flag in flags for part in flag)))


def secret(name, **files):
    data = {key: base64.b64encode(Path(file).read_bytes()).decode() for key, file in files.items()}
    return {"kind": "Secret", "metadata": {"name": name}, "data": data}


def test_a_private_ca_needs_no_log(binary, tmp_path, postgres, up_stack, work):
    with Deployment(binary, tmp_path / "host", up_stack) as host:
        host.init(postgres.new_database())
        things = with_files("private-ca", host.data / "ca-chain.pem", host.data / "issuers.yaml")
        keys = host.data / "keys"
        secrets = [
            secret("sigstead-ca", **{"ca.key": keys / "ca.key"}),
            secret("sigstead-database", **{"database.url": keys / "database.url"}),
        ]
        Cluster(host, [*things, *secrets]).start(things)
        assert len(host.programs) == 4
        file, token = work / "signed", work / "token"
        file.write_text("private")
        token.write_text(up_stack.token("--email", EMAIL))
        flags = ["--yes", "--tlog-upload=false", "--insecure-skip-verify", "--fulcio-url", host.urls["ca"]]
        outputs = ["--identity-token", token, "--output-certificate", "leaf.b64", "--output-signature", "signature"]
        run([CLIENTS / "cosign2", "sign-blob", *flags, *outputs, file], cwd=work)
        (work / "leaf.pem").write_bytes(base64.b64decode((work / "leaf.b64").read_text()))
        run(["openssl", "verify", "-CAfile", host.data / "ca-chain.pem", work / "leaf.pem"])
        assert EMAIL in run(["openssl", "x509", "-in", work / "leaf.pem", "-noout", "-ext", "subjectAltName"]).stdout
        root = json.loads(host.get("trust", "/trusted_root.json"))
        assert root["certificateAuthorities"] and not root.get("tlogs") and not root.get("ctlogs")


def test_a_tsa_alone_is_for_clients_with_certificates(binary, tmp_path, postgres, up_stack, work):
    with Deployment(binary, tmp_path / "host", up_stack) as host:
        host.init(postgres.new_database())
        things = with_files("tsa-only", host.data / "tsa-chain.pem")
        authority = Authority(work)
        certificate, key = authority.issue("tsa", "127.0.0.1")
        secrets = [
            secret("sigstead-tsa", **{"tsa.key": host.data / "keys/tsa.key"}),
            secret("sigstead-tsa-tls", **{"tls.crt": certificate, "tls.key": key, "ca.crt": authority.pem}),
        ]
        Cluster(host, [*things, *secrets]).start(things)
        query, reply, chain = work / "q.tsq", work / "r.tsr", host.data / "tsa-chain.pem"
        run(["openssl", "ts", "-query", "-data", chain, "-sha256", "-cert", "-out", query])
        url = host.urls["tsa"].replace("http:", "https:")
        curl = ["curl", "-sS", "--fail", "--cacert", authority.pem]
        asking = ["-H", "Content-Type: application/timestamp-query", "--data-binary", f"@{query}", "-o", reply]

        def ask(*names, ok):
            certificate, key = authority.client("client", *names) if names else (None, None)
            shown = ["--cert", certificate, "--key", key] if names else []
            run([*curl, *shown, *asking, f"{url}/api/v1/timestamp"], ok=ok)

        run([*curl, f"{url}/ping"])
        ask(ok=False)
        ask("other.example.com", ok=False)
        ask("spiffe://example.com/build/7", ok=True)
        run(["openssl", "ts", "-verify", "-queryfile", query, "-in", reply, "-CAfile", chain])
