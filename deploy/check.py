"""What deploy/ says, against schemas and against the product. `python3 deploy/check.py PART`; each part
raises or prints nothing. Called by deploy/check, from the root of the repository."""

import json
import re
import subprocess
import sys
import tempfile
from pathlib import Path

import compose_spec
import kubernetes_validate
import yaml

DEPLOY = Path("deploy")
KUBERNETES = "1.33"


def documents(path):
    return [one for one in yaml.safe_load_all(path.read_text()) if one]


def check_yaml():
    files = [*DEPLOY.rglob("*.yaml"), *DEPLOY.rglob("*.yml")]
    assert len(files) > 10, files
    for file in files:
        assert documents(file), f"{file} is empty"


def check_compose():
    text = (DEPLOY / "compose.yaml").read_text()
    compose = yaml.safe_load(text)
    # Anchors and merges are YAML's, and variables are for the shell's rules; what is left is compose's.
    plain = {key: value for key, value in compose.items() if not key.startswith("x-")}
    value = lambda found: found[2] or "4000"
    filled = re.sub(r"\$\{(\w+)(?::-([^}]*)|:\?[^}]*)?\}", value, yaml.safe_dump(plain))
    compose_spec.PyCompose.from_yaml(filled).validate()
    services, networks, volumes = plain["services"], plain["networks"], plain["volumes"]
    for name, service in services.items():
        for other in service.get("depends_on", []):
            assert other in services, f"{name} depends on {other}"
        for network in service.get("networks", []):
            assert network in networks, f"{name} is on {network}"
        for mount in service.get("volumes", []):
            source = mount.split(":")[0]
            there = (DEPLOY / source).exists() if source.startswith(".") else source in volumes
            assert there, f"{name} mounts {source}"
    named = set(re.findall(r"\$\{(\w+)", text))
    example = set(re.findall(r"^(\w+)=", (DEPLOY / "env.example").read_text(), re.M))
    assert named == example, f"env.example: {named ^ example}"
    hosts = set(re.findall(r"node-\d", (DEPLOY / "haproxy/haproxy.cfg").read_text()))
    hosts |= set(re.findall(r"node-\d", (DEPLOY / "prometheus/prometheus.yml").read_text()))
    assert hosts == {name for name in services if name.startswith("node-")}, hosts


def check_kubernetes():
    folder = DEPLOY / "kubernetes"
    kustomization = documents(folder / "kustomization.yaml")[0]
    files = {path.name for path in folder.glob("*.yaml")} - {"kustomization.yaml", "secret.example.yaml"}
    assert files == set(kustomization["resources"]), files ^ set(kustomization["resources"])
    parts = [one for name in [*files, "secret.example.yaml"] for one in documents(folder / name)]
    for part in parts:
        kubernetes_validate.validate(part, KUBERNETES, strict=True)
    by = {(part["kind"], part["metadata"]["name"]): part for part in parts}
    deployment = by["Deployment", "zvon"]["spec"]
    pod = deployment["template"]
    labels = pod["metadata"]["labels"]
    container = pod["spec"]["containers"][0]
    ports = {port["name"]: port["containerPort"] for port in container["ports"]}
    assert deployment["selector"]["matchLabels"].items() <= labels.items()
    pods = [part["spec"]["template"]["metadata"]["labels"] for (kind, _), part in by.items() if kind == "Deployment"]
    for kind, name in by:
        spec = by[kind, name].get("spec", {})
        selector = spec.get("podSelector") or spec.get("selector") or {}
        if kind in ("Service", "PodDisruptionBudget", "NetworkPolicy"):
            wanted = selector.get("matchLabels", selector)
            assert wanted and any(wanted.items() <= one.items() for one in pods), f"{kind} {name} selects {wanted}"
        if kind == "Service":
            assert all(port["targetPort"] in ports for port in spec["ports"]), f"ports of {name}"
    target = by["HorizontalPodAutoscaler", "zvon"]["spec"]["scaleTargetRef"]
    assert (target["kind"], target["name"]) in by
    rules = by["NetworkPolicy", "zvon"]["spec"]["ingress"]
    assert {port["port"] for rule in rules for port in rule["ports"]} == set(ports)
    worker = by["Deployment", "zvon-worker"]["spec"]
    assert worker["selector"]["matchLabels"] == worker["template"]["metadata"]["labels"]
    at_work = worker["template"]["spec"]["containers"][0]
    assert by["ConfigMap", "zvon"]["data"]["ZVON_JOBS__IN_PROCESS"] == "false"
    for source in container["envFrom"] + at_work["envFrom"]:
        kind = "ConfigMap" if "configMapRef" in source else "Secret"
        assert (kind, next(iter(source.values()))["name"]) in by, source
    for name in ("startupProbe", "readinessProbe", "livenessProbe"):
        probe = container[name]["httpGet"]
        assert probe["port"] in ports and probe["path"] in routes(), probe
    drain = by["ConfigMap", "zvon"]["data"]["ZVON_SERVER__DRAIN"]
    assert pod["spec"]["terminationGracePeriodSeconds"] > int(drain.rstrip("s")) + 5 + 5


def routes():
    """The paths of the product's routes."""
    sources = Path("crates/gateway/src/http").rglob("*.rs")
    return {path for source in sources for path in re.findall(r'"(/[\w/{}.:-]+)"', source.read_text())}


def check_settings():
    """Every setting that a file names is one, and every path that is asked is served."""
    keys, section = set(), ""
    for line in Path("config.default.toml").read_text().splitlines():
        if found := re.match(r"\[(\w+)\]", line):
            section = found[1]
        elif found := re.match(r"(\w+) = ", line):
            keys.add(f"ZVON_{section}__{found[1]}".upper())
    files = [path for path in DEPLOY.rglob("*") if path.is_file()] + [Path("docs/cluster.md")]
    named = 0
    for file in files:
        text = file.read_text()
        for name in re.findall(r"ZVON_[A-Z0-9]+__[A-Z0-9_]+", text):
            named += 1
            assert name in keys or name == "ZVON_SECTION__KEY", f"{file}: there is no {name}"
        for path in re.findall(r"/health/\w+", text):
            assert path in routes(), f"{file}: there is no {path}"
    assert named > 10


def exported():
    """The names of the metrics that the product exports, as they are in its sources."""
    name = re.compile(r'"(?:# TYPE )?((?:zvon|process)_\w+)(?:"| gauge| counter)')
    sources = [path.read_text() for path in Path("crates").rglob("src/**/*.rs")]
    return {found for source in sources for found in name.findall(source)}


def check_metrics():
    dashboard = json.loads((DEPLOY / "grafana/dashboards/zvon.json").read_text())
    panels = [panel for panel in dashboard["panels"] if panel["type"] != "row"]
    assert len({panel["id"] for panel in dashboard["panels"]}) == len(dashboard["panels"])
    queries = [target["expr"] for panel in panels for target in panel["targets"]]
    alerts = documents(DEPLOY / "prometheus/alerts.yml")[0]
    rules = [rule["expr"] for group in alerts["groups"] for rule in group["rules"]]
    known = exported()
    for query in [*queries, *rules]:
        for name in re.findall(r"\b(?:zvon|process)_\w+", re.sub(r'"[^"]*"', "", query)):
            base = re.sub(r"_(bucket|sum|count)$", "", name)
            assert name in known or base in known, f"no such metric: {name} in {query}"
    # Are they queries? Prometheus' own parser says so.
    plain = [query.replace("$__rate_interval", "1m").replace("$instance", ".*") for query in queries]
    checked = [{"record": f"query:{number}", "expr": query} for number, query in enumerate(plain)]
    with tempfile.NamedTemporaryFile("w", suffix=".yml") as file:
        yaml.safe_dump({"groups": [{"name": "dashboard", "rules": checked}]}, file)
        file.flush()
        subprocess.run(["promtool", "check", "rules", file.name], check=True)


PARTS = {
    "yaml": check_yaml,
    "compose": check_compose,
    "kubernetes": check_kubernetes,
    "settings": check_settings,
    "metrics": check_metrics,
}
PARTS[sys.argv[1]]()
