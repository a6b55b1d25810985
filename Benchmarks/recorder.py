"""Recorder processes by themselves, and what it takes to run them: folders, keys, a configuration."""

import os
import secrets
import shutil
import subprocess
import tempfile
import time

from messages import number, text
from zeromq import PULL, PUSH, Context, Socket, wait

PATIENCE = 30  # seconds for a recorder to come up or to answer
POLL_MILLISECONDS = 100
CONFIGURATION = """\
state: ./state
listeners: {postgres: 127.0.0.1:1}
resources:
  - {name: none, protocol: postgres, target: 127.0.0.1:1/none, tls: disable, credentials: {user: u, password: {env: P}}}
policy: policy.yaml
"""


class Folder:
    """Where recorders record. `BENCH_FOLDER` says on which disk; it must be short, since sockets are within."""

    def __init__(self, encrypted, indexed):
        self.path = tempfile.mkdtemp(prefix="slb-", dir=os.environ.get("BENCH_FOLDER", "/tmp"))
        self.bus = f"{self.path}/bus"
        self.recordings = f"{self.path}/state/recordings"
        self.configuration = f"{self.path}/sluice.yaml"
        for path in (self.bus, f"{self.bus}/ingress", f"{self.bus}/recorder", f"{self.path}/state",
                     f"{self.path}/state/keys"):
            os.mkdir(path, 0o700)
        settings = [f"search: {'commands' if indexed else 'off'}"]
        if encrypted:
            self.run("openssl", "genpkey", "-algorithm", "X25519", "-out", f"{self.path}/auditor.pem")
            self.run("openssl", "pkey", "-in", f"{self.path}/auditor.pem", "-pubout", "-out", f"{self.path}/auditor.pub")
            settings.append("encryption: {recipients: [auditor.pub]}")
        self.write("sluice.yaml", CONFIGURATION + f"recording: {{{', '.join(settings)}}}\n")
        self.write("policy.yaml", "rules: []\n")
        with open(os.open(f"{self.path}/key", os.O_WRONLY | os.O_CREAT, 0o600), "wb") as file:
            file.write(secrets.token_bytes(32))

    def write(self, name, content):
        with open(f"{self.path}/{name}", "w") as file:
            file.write(content)

    @staticmethod
    def run(*arguments):
        return subprocess.run(arguments, check=True, capture_output=True, env=os.environ | {"P": ""}).stdout

    def sluice(self, *arguments):
        return self.run(os.environ["BENCH_BIN"] + "/sluice", *arguments, "--config", self.configuration)

    def remove(self):
        shutil.rmtree(self.path, ignore_errors=True)


class Recorder:
    """A process, and the two sockets through which Ingress speaks to it."""

    def __init__(self, folder, name, context):
        self.name = name
        self.log = f"{folder.path}/recorder-{name}.log"
        environment = os.environ | {
            "SLUICE_STAGE": "recorder", "SLUICE_REPLICA": name, "SLUICE_BUS": folder.bus,
            "SLUICE_KEY_FILE": f"{folder.path}/key", "P": ""}
        with open(self.log, "w") as log:
            self.process = subprocess.Popen(
                [os.environ["BENCH_BIN"] + "/sluice-recorder", "--config", folder.configuration],
                stdin=subprocess.DEVNULL, stdout=log, stderr=log, env=environment)
        self.reply_to = f"ipc://{folder.bus}/ingress/{name}"
        self.inbox = Socket(context, PULL)
        self.inbox.bind(self.reply_to)
        deadline = time.monotonic() + PATIENCE
        while not os.path.exists(f"{folder.bus}/recorder/{name}"):
            if self.process.poll() is not None or time.monotonic() > deadline:
                raise SystemExit(open(self.log).read())
            time.sleep(0.01)
        self.outbox = Socket(context, PUSH)
        self.outbox.connect(f"ipc://{folder.bus}/recorder/{name}")
        self.sent = 0
        self.under_way = {}

    def send(self, batch):
        batch.next()
        self.sent += 1
        self.under_way[batch.sessions[0]] = (batch, time.monotonic())
        header = (number(1, 1) + number(2, 7) + number(4, self.sent) + number(5, 3)
                  + text(7, self.reply_to.encode()))
        self.outbox.send(header, batch.body)

    def receive(self):
        """Batches whose answers are here, and how many seconds each took."""
        while (answer := self.inbox.receive()) is not None:
            # RecordAck.sessions begins with the first session: tag, length, tag, length, name.
            session = next((one for one in self.under_way if answer.find(one) in range(8)), None)
            batch, since = self.under_way.pop(session, (None, 0))
            if batch is None or not batch.is_acknowledged(answer):
                raise SystemExit(f"not acknowledged: {answer!r}")
            yield batch, time.monotonic() - since
        if any(time.monotonic() - since > PATIENCE for _, since in self.under_way.values()):
            raise SystemExit("a recorder does not answer: " + open(self.log).read())

    def processor_seconds(self):
        """What all of its threads have used (proc(5), stat)."""
        fields = open(f"/proc/{self.process.pid}/stat").read().rsplit(")", 1)[1].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def stop(self):
        self.process.terminate()
        try:
            self.process.wait(PATIENCE)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        self.inbox.close()
        self.outbox.close()


class Recorders:
    """Some of them on one folder. Stopped at the end of a `with`, and the folder removed if it was made here."""

    def __init__(self, names, encrypted=False, indexed=False, folder=None):
        self.is_owner = folder is None
        self.folder = folder or Folder(encrypted, indexed)
        self.context = Context()
        self.running = []
        try:
            for name in names:
                self.running.append(Recorder(self.folder, str(name), self.context))
        except BaseException:
            self.close()
            raise

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def wait(self):
        wait([one.inbox for one in self.running], POLL_MILLISECONDS)

    def processor_seconds(self):
        return sum(one.processor_seconds() for one in self.running)

    def stop(self):
        for one in self.running:
            one.stop()
        self.running = []

    def close(self):
        self.stop()
        self.context.close()
        if self.is_owner:
            self.folder.remove()
