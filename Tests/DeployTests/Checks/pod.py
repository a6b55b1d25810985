"""pod.py BASE SECRETS PROGRAMS STAGE FOLDER: runs STAGE's pod of the kustomize base as a kubelet would; prints what is wrong and
exits with 1.

Its file system is this machine's, read only, with PROGRAMS in the image's place and the pod's volumes where it mounts them: empty
folders are empty and everybody's, secrets are root's and readable by the pod's group, init containers run first. It has a network
of its own, in which nobody else is. The pod has to get through its startup probe, stay up, and end with 0 at SIGTERM. SECRETS is
what secrets.sh prints. Needs root, and `unshare --mount --net`.
"""

import base64
import os
import pathlib
import shutil
import subprocess
import sys
import time
import urllib.error
import urllib.request

import yaml

# Seconds that a pod has to stay up after its startup probe, and has to end.
STAYS_UP_S = 3
ENDS_S = 30
MAY_FOLLOW = {"Deployment", "StatefulSet"}
PATH = "/usr/lib/sluice:/usr/local/bin:/usr/bin:/bin"


def mount(*arguments):
    subprocess.run(["mount", *map(str, arguments)], check=True)


def documents(path):
    return [document for document in yaml.safe_load_all(path.read_text()) if document]


class Pod:
    def __init__(self, base, secrets, programs, stage, folder):
        self.base, self.secrets = base, {item["metadata"]["name"]: item["data"] for item in documents(secrets)}
        # Made by hand in the deployment's steps; nothing is read of it before a client comes.
        self.secrets["sluice-targets"] = {"orders": "eA==", "ca.pem": "eA=="}
        workload = next(item for item in documents(base / f"{stage}.yaml") if item["kind"] in MAY_FOLLOW)
        template = workload["spec"]["template"]
        self.spec, self.labels = template["spec"], template["metadata"]["labels"]
        self.volumes = {volume["name"]: volume for volume in self.spec["volumes"]}
        for claim in workload["spec"].get("volumeClaimTemplates", []):
            self.volumes[claim["metadata"]["name"]] = {"claim": True}
        if workload["kind"] == "StatefulSet":
            self.labels = {**self.labels, "apps.kubernetes.io/pod-index": "0"}
        context = self.spec["securityContext"]
        self.user, self.group, self.shared = context["runAsUser"], context["runAsGroup"], context["fsGroup"]
        self.folder, self.root = folder, folder / "root"
        self.made = {}
        self.prepare_root(programs)

    def prepare_root(self, programs):
        """This machine's files, written to nowhere."""
        mount("-t", "tmpfs", "-o", "mode=755", "tmpfs", self.folder)
        for name in ("upper", "work", "root", "volumes"):
            (self.folder / name).mkdir()
        layers = f"lowerdir=/,upperdir={self.folder}/upper,workdir={self.folder}/work"
        mount("-t", "overlay", "overlay", "-o", layers, self.root)
        mount("--rbind", "/dev", self.root / "dev")
        mount("-t", "proc", "proc", self.root / "proc")
        mount("-t", "tmpfs", "-o", "mode=755", "tmpfs", self.root / "run")
        image = self.root / "usr/lib/sluice"
        image.mkdir(exist_ok=True)
        mount("--bind", programs, image)
        for container in self.spec["containers"]:
            # The outer ones first, as container runtimes do.
            for entry in sorted(container["volumeMounts"], key=lambda entry: entry["mountPath"].count("/")):
                self.mount_volume(entry)

    def mount_volume(self, entry):
        # In Debian's images /var/run is a link to /run, which is followed inside of the image.
        inside = "/run/" + path.removeprefix("/var/run/") if (path := entry["mountPath"]).startswith("/var/run/") else path
        place = self.root / inside.lstrip("/")
        place.mkdir(parents=True, exist_ok=True)
        options = ["--bind"] + (["-o", "ro"] if entry.get("readOnly") else [])
        mount(*options, self.volume(entry["name"]), place)

    def volume(self, name):
        if name in self.made:
            return self.made[name]
        folder = self.made[name] = self.folder / "volumes" / name
        folder.mkdir()
        volume = self.volumes[name]
        if "configMap" in volume:
            for file in ("sluice.yaml", "policy.yaml"):
                shutil.copy(self.base / file, folder / file)
        for source in volume.get("projected", {}).get("sources", []):
            self.write_secret(folder, source["secret"], volume["projected"].get("defaultMode", 0o644))
        if "secret" in volume:
            secret = {"name": volume["secret"]["secretName"], **volume["secret"]}
            self.write_secret(folder, secret, volume["secret"].get("defaultMode", 0o644))
        # fsGroup: the group may do what the owner may, and what is made in it is the group's.
        os.chown(folder, 0, self.shared)
        folder.chmod(0o2777 if "emptyDir" in volume else 0o2775)
        return folder

    def write_secret(self, folder, secret, mode):
        optional = secret.get("optional", False)
        data = self.secrets.get(secret["name"], {}) if optional else self.secrets[secret["name"]]
        items = secret.get("items") or [{"key": key, "path": key} for key in data]
        for item in items:
            if optional and item["key"] not in data:
                continue
            path = folder / item["path"]
            path.parent.mkdir(exist_ok=True)
            path.write_bytes(base64.b64decode(data[item["key"]]))
            os.chown(path, 0, self.shared)
            path.chmod(item.get("mode", mode) | 0o040)

    def environment(self, container):
        result = {"PATH": PATH}
        for entry in container.get("env", []):
            if "value" in entry:
                result[entry["name"]] = entry["value"]
                continue
            field = entry["valueFrom"]["fieldRef"]["fieldPath"]
            result[entry["name"]] = self.labels[field.removeprefix("metadata.labels['").removesuffix("']")]
        return result

    def start(self, container):
        """As the pod's user, without a privilege; the image's working directory is that of the Containerfile."""
        command = container.get("command", []) + container.get("args", [])
        become = ["--reuid", str(self.user), "--regid", str(self.group), "--groups", str(self.shared)]
        become += ["--no-new-privs", "--inh-caps=-all", "--bounding-set=-all", "--"]

        def enter():
            os.chroot(self.root)
            os.chdir("/etc/sluice")

        return subprocess.Popen(
            ["/usr/bin/setpriv", *become, *command], env=self.environment(container), preexec_fn=enter,
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
        )

    def run(self):
        # Only now: what was mounted stays writable where it was.
        mount("-o", "remount,ro", self.root)
        for container in self.spec.get("initContainers", []):
            process = self.start(container)
            output, _ = process.communicate()
            if process.returncode != 0:
                return f"init container {container['name']} ended with {process.returncode}: {output}"
        container = self.spec["containers"][0]
        process = self.start(container)
        try:
            problem = self.watch(container, process)
        finally:
            process.terminate()
        output, _ = process.communicate(timeout=ENDS_S)
        if problem is None and process.returncode != 0:
            problem = f"it ended with {process.returncode} at SIGTERM"
        return problem and f"{problem}\n{output}"

    def watch(self, container, process):
        probe = container["startupProbe"]
        port = next(port["containerPort"] for port in container["ports"] if port["name"] == probe["httpGet"]["port"])
        address = f"http://127.0.0.1:{port}{probe['httpGet']['path']}"
        tries = probe["failureThreshold"]
        while not healthy(address):
            if process.poll() is not None:
                return f"it ended with {process.returncode} instead of running"
            tries -= 1
            if tries == 0:
                return "it does not get through its startup probe"
            time.sleep(probe["periodSeconds"])
        try:
            process.wait(STAYS_UP_S)
            return f"it ended with {process.returncode} after its start"
        except subprocess.TimeoutExpired:
            return None if healthy(address) else "it is healthy no more"


def healthy(address):
    try:
        with urllib.request.urlopen(address, timeout=2) as response:
            return response.status == 200
    except (OSError, urllib.error.URLError):
        return False


def main():
    base, secrets, programs = (pathlib.Path(one).resolve() for one in sys.argv[1:4])
    stage, folder = sys.argv[4], pathlib.Path(sys.argv[5]).resolve()
    subprocess.run(["ip", "link", "set", "lo", "up"], check=True)
    problem = Pod(base, secrets, programs, stage, folder).run()
    if problem:
        print(f"{stage}: {problem}")
    sys.exit(1 if problem else 0)


if __name__ == "__main__":
    main()
