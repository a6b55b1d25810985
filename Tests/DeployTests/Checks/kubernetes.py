"""kubernetes.py BASE COMPONENTS: checks the kustomize base, and each component on top of it; prints what is wrong, one line each, and
exits with 1.

Every object is validated against Kubernetes' own schema, unknown fields being errors. Then what a schema cannot know: pods are
restricted and fixed, each workload has a disruption budget, and policies, services, ports and keys agree with sluice.yaml.
"""

import copy
import pathlib
import re
import sys

import kubernetes_validate
import yaml

VERSION = "1.31"
STAGES = ["ingress", "classifier", "masker", "approver", "recorder"]
# Who connects to whom: docs/threat-model.md.
SENDERS = {
    "ingress": {"classifier", "masker", "approver", "recorder"},
    "classifier": {"ingress"},
    "approver": {"ingress", "classifier"},
    "masker": {"ingress"},
    "recorder": {"ingress"},
}
# Secret keys that a pod may see beside its stage's own.
FURTHER_KEYS = {"ingress": {"classifier.key", "approver.key"}, "masker": {"masking.key"}, "recorder": {"recording.key", "recording.key.former"}}
MAY_FOLLOW = {"Deployment", "StatefulSet"}

problems = []


def problem(where, text):
    problems.append(f"{where['kind']}/{where['metadata']['name']}: {text}")


def load(folder):
    """The base's objects, and its kustomization."""
    kustomization = yaml.safe_load((folder / "kustomization.yaml").read_text())
    present = {path.name for path in folder.glob("*.yaml")} - {"kustomization.yaml"}
    named = set(kustomization["resources"])
    for generator in kustomization["configMapGenerator"]:
        named |= set(generator["files"])
    if present != named:
        problems.append(f"kustomization.yaml and the folder differ: {sorted(present ^ named)}")
    objects = []
    for name in kustomization["resources"]:
        objects += [document for document in yaml.safe_load_all((folder / name).read_text()) if document]
    return objects, kustomization


def check_schema(item):
    try:
        kubernetes_validate.validate(item, VERSION, strict=True)
    except kubernetes_validate.ValidationError as error:
        problem(item, f"{'.'.join(str(part) for part in error.path)}: {error.message}")


def check_pod(item):
    """What the `restricted` standard asks for, and a little more."""
    spec = item["spec"]["template"]["spec"]
    context = spec.get("securityContext", {})
    if context.get("runAsNonRoot") is not True or context.get("runAsUser", 0) < 1000:
        problem(item, "the pod may run as root")
    if context.get("seccompProfile", {}).get("type") != "RuntimeDefault":
        problem(item, "no seccomp profile")
    if spec.get("automountServiceAccountToken") is not False:
        problem(item, "the pod gets a token for the cluster")
    for flag in ("hostNetwork", "hostPID", "hostIPC", "shareProcessNamespace"):
        if spec.get(flag):
            problem(item, f"{flag} is set")
    for container in spec["containers"] + spec.get("initContainers", []):
        name = container["name"]
        inner = container.get("securityContext", {})
        if inner.get("allowPrivilegeEscalation") is not False or inner.get("privileged"):
            problem(item, f"{name} may gain privileges")
        if inner.get("readOnlyRootFilesystem") is not True:
            problem(item, f"{name} may write to its image")
        if inner.get("capabilities", {}).get("drop") != ["ALL"] or inner.get("capabilities", {}).get("add"):
            problem(item, f"{name} keeps capabilities")
        if not re.search(r":v?\d+\.\d+\.\d+(@sha256:[0-9a-f]{64})?$", container["image"]):
            problem(item, f"{name}: the image {container['image']} has no fixed version")
        resources = container.get("resources", {})
        if "memory" not in resources.get("limits", {}) or not {"cpu", "memory"} <= set(resources.get("requests", {})):
            problem(item, f"{name} has no bound on memory, or asks for nothing")
    for container in spec["containers"]:
        probes = [("startupProbe", "/healthz"), ("livenessProbe", "/healthz"), ("readinessProbe", "/readyz")]
        # A pod is ready when all its containers are, and nobody waits for what stands beside a stage.
        if container["name"] != component(item["metadata"]["labels"]):
            if probes.pop()[0] in container:
                problem(item, f"{container['name']} would take the pod out of service")
        for probe, path in probes:
            if container.get(probe, {}).get("httpGet", {}).get("path") != path:
                problem(item, f"{container['name']}: no {probe} on {path}")
    for volume in spec.get("volumes", []):
        if not {"configMap", "secret", "projected", "emptyDir"} & set(volume):
            problem(item, f"volume {volume['name']} is of a kind that `restricted` does not allow, or lasts longer than its pod")


def check_keys(item, stage):
    """A pod sees its own stage's secret keys, those that its work needs, and everybody's public ones."""
    spec = item["spec"]["template"]["spec"]
    allowed = {f"{stage}.key", f"bus/{stage}.secret"} | FURTHER_KEYS.get(stage, set())
    allowed |= {f"bus/{name}{which}.public" for name in STAGES for which in ("", ".previous")}
    seen = set()
    for volume in spec["volumes"]:
        for source in volume.get("projected", {}).get("sources", []):
            if "items" not in source["secret"]:
                problem(item, f"secret {source['secret']['name']} is mounted whole")
            paths = {entry["path"] for entry in source["secret"].get("items", [])}
            # Before the first rotation there is none: a pod that waits for one never starts.
            if any(".previous." in path or path.endswith(".former") for path in paths) and not source["secret"].get("optional"):
                problem(item, "waits for former keys")
            seen |= paths
    if seen != allowed:
        problem(item, f"keys differ from what {stage} needs: {sorted(seen ^ allowed)}")


def check_scale(objects):
    """What an autoscaler sets stands nowhere else: each apply would set it back."""
    scaled = {(i["spec"]["scaleTargetRef"]["kind"], i["spec"]["scaleTargetRef"]["name"]) for i in objects if i["kind"] == "HorizontalPodAutoscaler"}
    for item in objects:
        if item["kind"] in MAY_FOLLOW:
            is_scaled = (item["kind"], item["metadata"]["name"]) in scaled
            if is_scaled == ("replicas" in item["spec"]):
                problem(item, "replicas and an autoscaler" if is_scaled else "neither replicas nor an autoscaler")


def component(labels):
    return labels.get("app.kubernetes.io/component")


def port_of(address):
    return int(address.rsplit(":", 1)[1])


def check_links(objects, configuration):
    """Policies, ports, services and sluice.yaml say the same."""
    stages = configuration["stages"]
    workloads = {component(item["metadata"]["labels"]): item for item in objects if item["kind"] in MAY_FOLLOW}
    policies = {item["metadata"]["name"]: item for item in objects if item["kind"] == "NetworkPolicy"}
    services = {item["metadata"]["name"]: item for item in objects if item["kind"] == "Service"}
    if set(workloads) != set(STAGES):
        problems.append(f"the stages are {sorted(workloads)}")
        return

    default = policies["default-deny"]["spec"]
    if default["podSelector"] or set(default["policyTypes"]) != {"Ingress", "Egress"} or {"ingress", "egress"} & set(default):
        problem(policies["default-deny"], "it does not deny everything to everybody")

    reached = {stage: {} for stage in STAGES}  # stage → port → who may come in
    leaves = {stage: {} for stage in STAGES}
    for name, item in policies.items():
        selector = item["spec"]["podSelector"].get("matchLabels", {})
        stage = component(selector)
        if stage is None:
            continue
        for direction, peers, table in (("ingress", "from", reached), ("egress", "to", leaves)):
            for rule in item["spec"].get(direction, []):
                if not rule.get(peers) or not rule.get("ports"):
                    problem(item, f"an {direction} rule without peers or ports allows everything")
                    continue
                for port in rule["ports"]:
                    who = table[stage].setdefault(port["port"], set())
                    for peer in rule[peers]:
                        labels = peer.get("podSelector", {}).get("matchLabels")
                        who.add(component(labels) if labels else "outside")
    for stage, item in workloads.items():
        container = item["spec"]["template"]["spec"]["containers"][0]
        ports = {port["name"]: port["containerPort"] for port in container["ports"]}
        environment = {entry["name"]: entry.get("value") for entry in container["env"]}
        bus = port_of(stages[stage]["listen"])
        if ports["bus"] != bus:
            problem(item, f"bus port {ports['bus']} is {bus} in sluice.yaml")
        if port_of(environment["SLUICE_METRICS_LISTEN"]) != ports["metrics"]:
            problem(item, "the metrics port differs from SLUICE_METRICS_LISTEN")
        if environment["SLUICE_STAGE"] != stage or container["args"][0] != f"sluice-{stage}":
            problem(item, "it runs another stage than it says")
        if reached[stage].get(bus) != SENDERS[stage]:
            problem(item, f"its bus is open to {reached[stage].get(bus)}, not {SENDERS[stage]}")
        for other in STAGES:
            may = other in leaves[stage].get(port_of(stages[other]["listen"]), set())
            if may != (stage in SENDERS[other]):
                problem(item, f"its way to {other} should {'' if stage in SENDERS[other] else 'not '}be open")
        for address in stages[stage].get("at", []):
            host = address.removeprefix("tcp://").rsplit(":", 1)
            service = services.get(host[0].split(".")[0])
            if service is None or service["spec"].get("clusterIP") != "None":
                problem(item, f"{address} names no headless service")
            elif component(service["spec"]["selector"]) != stage or service["spec"]["ports"][0]["port"] != int(host[1]):
                problem(service, f"it does not lead to {stage}")
        if item["kind"] == "StatefulSet" and item["spec"]["serviceName"] not in services:
            problem(item, f"no service {item['spec']['serviceName']}")
    listener = configuration["listeners"]["postgres"]
    ports = {p["name"]: p["containerPort"] for p in workloads["ingress"]["spec"]["template"]["spec"]["containers"][0]["ports"]}
    if ports["postgres"] != port_of(listener) or reached["ingress"].get(port_of(listener)) != {"outside"}:
        problems.append(f"clients do not reach the listener {listener}")
    advertised = stages["ingress"]["advertise"].removeprefix("tcp://").split(".")
    if advertised[0] != "sluice-ingress-0" or advertised[1] not in services:
        problems.append(f"ingress is not at {stages['ingress']['advertise']}")


def merged(base, patch):
    """A strategic merge, as far as the components go: mappings by key, lists of named objects by name."""
    if isinstance(base, dict) and isinstance(patch, dict):
        return {key: merged(base[key], patch[key]) if key in base and key in patch else {**base, **patch}[key] for key in {**base, **patch}}
    if isinstance(base, list) and isinstance(patch, list):
        names = {entry["name"] for entry in patch}
        return [entry for entry in base if entry["name"] not in names] + patch
    return patch


def check_component(folder, objects):
    """The recorder's pod with what the component puts into it."""
    name = folder.name
    kustomization = yaml.safe_load((folder / "kustomization.yaml").read_text())
    present = {path.name for path in folder.glob("*.yaml")} - {"kustomization.yaml"}
    if kustomization["kind"] != "Component" or present != set(kustomization["resources"]) | {entry["path"] for entry in kustomization["patches"]}:
        problems.append(f"{name}: kustomization.yaml and the folder differ")
        return
    for path in kustomization["resources"]:
        item = yaml.safe_load((folder / path).read_text())
        check_schema(item)
        if item["metadata"].get("namespace") != "sluice":
            problem(item, "it is in another namespace")
    patch = yaml.safe_load((folder / kustomization["patches"][0]["path"]).read_text())
    base = next((i for i in objects if (i["kind"], i["metadata"]["name"]) == (patch["kind"], patch["metadata"]["name"])), None)
    if base is None:
        problems.append(f"{name}: it patches nothing of the base")
        return
    item = merged(copy.deepcopy(base), patch)
    check_schema(item)
    check_pod(item)
    check_keys(item, component(item["metadata"]["labels"]))
    containers = item["spec"]["template"]["spec"]["containers"]
    container = next(c for c in containers if c["name"] == name)
    environment = {entry["name"]: entry.get("value") for entry in container["env"]}
    ports = [port["containerPort"] for c in containers for port in c["ports"]]
    if environment["SLUICE_STAGE"] != name or container["args"][0] != f"sluice-{name}":
        problem(item, f"{name} runs another process than it says")
    if port_of(environment["SLUICE_METRICS_LISTEN"]) != container["ports"][0]["containerPort"] or len(set(ports)) != len(ports):
        problem(item, f"the metrics port of {name} differs from SLUICE_METRICS_LISTEN, or is taken")
    if len({c["image"] for c in containers}) != 1:
        problem(item, f"{name} has another image")
    volumes = {volume["name"] for volume in item["spec"]["template"]["spec"]["volumes"]}
    volumes |= {claim["metadata"]["name"] for claim in item["spec"]["volumeClaimTemplates"]}
    if missing := {mount["name"] for mount in container["volumeMounts"]} - volumes:
        problem(item, f"{name} mounts what is not there: {sorted(missing)}")


def main():
    folder = pathlib.Path(sys.argv[1])
    objects, _ = load(folder)
    configuration = yaml.safe_load((folder / "sluice.yaml").read_text())
    budgets = [i["spec"]["selector"]["matchLabels"] for i in objects if i["kind"] == "PodDisruptionBudget"]
    for item in objects:
        check_schema(item)
        if item["kind"] != "Namespace" and item["metadata"].get("namespace") != "sluice":
            problem(item, "it is in another namespace")
        if item["kind"] in MAY_FOLLOW:
            stage = component(item["metadata"]["labels"])
            check_pod(item)
            check_keys(item, stage)
            if item["spec"]["selector"]["matchLabels"] not in budgets:
                problem(item, "it has no disruption budget")
            if item["spec"]["selector"]["matchLabels"] != item["spec"]["template"]["metadata"]["labels"]:
                problem(item, "its selector does not select its own pods")
    check_scale(objects)
    check_links(objects, configuration)
    for folder in sorted(pathlib.Path(sys.argv[2]).iterdir()):
        check_component(folder, objects)
    print("\n".join(problems))
    sys.exit(1 if problems else 0)


if __name__ == "__main__":
    main()
