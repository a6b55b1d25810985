"""Throwaway servers on free loopback ports: PostgreSQL, pgbouncer and Sluice. Stopped by their pids."""

import dataclasses
import json
import os
import pwd
import shutil
import signal
import socket
import subprocess
import tempfile
import time

PROGRAMS = "/usr/lib/postgresql/15/bin/"
PASSWORD = "bench-Pa55word"
OWNER = "bench"
SYNCED = "bench-synced"  # the same database as a resource whose records are synced
SYSTEM_USER = "postgres"
PATIENCE = 60  # seconds for a server to come up
CONNECTIONS = max(1500, int(os.environ.get("BENCH_IDLE", "500")) + 100)

POLICY = """\
rules:
  - name: the benchmark may do anything
    who: {groups: [bench]}
    then: allow
"""
MASKS = """\
  - name: personal data
    who: {groups: [bench]}
    mask:
      - {columns: ["*.email"], style: partial}
      - {detect: [email, credit_card, us_ssn, secret], style: redact}
"""


@dataclasses.dataclass
class Endpoint:
    """Where and as whom to connect; `process` is the pid of the root of what serves it, to measure memory."""

    port: int
    user: str
    password: str
    process: int | None = None
    database: str = "bench"
    folder: str | None = None  # of its configuration and state

    def on(self, database):
        """The same for another database."""
        return dataclasses.replace(self, database=database)

    def environment(self):
        return os.environ | {
            "PGHOST": "127.0.0.1", "PGPORT": str(self.port), "PGUSER": self.user, "PGPASSWORD": self.password,
            "PGDATABASE": self.database, "PGSSLMODE": "disable", "PGGSSENCMODE": "disable",
        }


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class Machine:
    def __init__(self, rows):
        self.folder = tempfile.mkdtemp(prefix="slb-", dir="/tmp")
        os.chmod(self.folder, 0o755)
        self.processes = []
        try:
            self.direct = self.postgres(rows)
        except BaseException:
            self.stop()
            raise

    def target(self, name):
        match name:
            case "direct":
                return self.direct
            case "pgbouncer":
                return self.pgbouncer("session")
            case "pgbouncer-tx":
                return self.pgbouncer("transaction")
            case "sluice":
                return self.sluice(name, POLICY)
            case "sluice-mask":
                return self.sluice(name, POLICY + MASKS)
        raise SystemExit(f"no such target: {name}")

    def stop(self):
        """SIGINT, the fast way for all of them, in the reverse order of their start."""
        for process in reversed(self.processes):
            process.send_signal(signal.SIGINT)
            try:
                process.wait(20)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
        shutil.rmtree(self.folder, ignore_errors=True)

    def start(self, arguments, log, **settings):
        with open(f"{self.folder}/{log}", "w") as output:
            process = subprocess.Popen(arguments, stdin=subprocess.DEVNULL, stdout=output, stderr=output, **settings)
        self.processes.append(process)
        return process

    def own(self, path):
        """Gives a path to the system user that the servers run as: they refuse to run as root."""
        if os.geteuid() == 0:
            user = pwd.getpwnam(SYSTEM_USER)
            os.chown(path, user.pw_uid, user.pw_gid)

    @staticmethod
    def unprivileged(*arguments):
        if os.geteuid() != 0:
            return list(arguments)
        return ["setpriv", f"--reuid={SYSTEM_USER}", f"--regid={SYSTEM_USER}", "--init-groups", *arguments]

    def postgres(self, rows):
        data = f"{self.folder}/data"
        os.mkdir(data, 0o700)
        self.own(data)
        self.own(self.folder)
        with open(f"{self.folder}/password", "w") as file:
            file.write(PASSWORD)
        subprocess.run(
            self.unprivileged(
                PROGRAMS + "initdb", "-D", data, "-U", OWNER, "--auth=scram-sha-256",
                f"--pwfile={self.folder}/password", "--encoding=UTF8", "--locale=C.UTF-8", "--no-sync"),
            check=True, stdout=subprocess.DEVNULL)
        port = free_port()
        settings = {
            "listen_addresses": "127.0.0.1", "unix_socket_directories": self.folder, "port": port,
            "max_connections": 2 * CONNECTIONS + 100, "fsync": "off", "shared_buffers": "512MB", "autovacuum": "off",
            "max_wal_size": "4GB",
        }
        options = [word for key, value in settings.items() for word in ("-c", f"{key}={value}")]
        process = self.start(self.unprivileged(PROGRAMS + "postgres", "-D", data, *options), "postgres.log")
        endpoint = Endpoint(port, OWNER, PASSWORD)
        first = dataclasses.replace(endpoint, database="postgres")
        self.wait(process, "postgres.log", first)
        self.sql(first, "CREATE DATABASE bench")
        subprocess.run(["pgbench", "-i", "-q", "-s", "10"], env=endpoint.environment(), check=True,
                       stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        self.sql(endpoint, f"""
            CREATE TABLE bulk AS SELECT n AS id, 'Customer number ' || n AS name,
              'person' || n || '@mail' || n % 7 || '.example.com' AS email,
              md5(n::text) || ' lives at number ' || n % 100 || ' of some longer street' AS note
            FROM generate_series(1, {rows}) n""")
        self.sql(endpoint, "VACUUM ANALYZE")
        self.sql(endpoint, "CHECKPOINT")
        return endpoint

    def pgbouncer(self, pooling):
        port = free_port()
        name = f"pgbouncer-{pooling}"
        with open(f"{self.folder}/users.txt", "w") as file:
            file.write(f'"{OWNER}" "{PASSWORD}"\n')
        with open(f"{self.folder}/{name}.ini", "w") as file:
            file.write(f"""\
[databases]
bench = host=127.0.0.1 port={self.direct.port}
[pgbouncer]
listen_addr = 127.0.0.1
listen_port = {port}
unix_socket_dir =
auth_type = scram-sha-256
auth_file = {self.folder}/users.txt
pool_mode = {pooling}
max_client_conn = {CONNECTIONS}
default_pool_size = {CONNECTIONS}
ignore_startup_parameters = extra_float_digits
log_connections = 0
log_disconnections = 0
""")
        process = self.start(self.unprivileged("/usr/sbin/pgbouncer", "-q", f"{self.folder}/{name}.ini"), name + ".log")
        endpoint = Endpoint(port, OWNER, PASSWORD, process.pid)
        self.wait(process, name + ".log", endpoint)
        return endpoint

    def sluice(self, name, policy):
        folder = f"{self.folder}/{name}"
        os.mkdir(folder)
        port = free_port()
        with open(f"{folder}/policy.yaml", "w") as file:
            file.write(policy)
        with open(f"{folder}/sluice.yaml", "w") as file:
            file.write(f"""\
state: ./state
listeners:
  postgres: 127.0.0.1:{port}
resources:
  - name: bench
    protocol: postgres
    target: 127.0.0.1:{self.direct.port}/bench
    tls: disable
    credentials: {{user: {OWNER}, password: {{env: BENCH_PASSWORD}}}}
    recording: written
  - name: {SYNCED}
    protocol: postgres
    target: 127.0.0.1:{self.direct.port}/bench
    tls: disable
    credentials: {{user: {OWNER}, password: {{env: BENCH_PASSWORD}}}}
    recording: synced
policy: policy.yaml
limits: {{max_connections: {CONNECTIONS}}}
""")
        program = os.environ["BENCH_BIN"] + "/sluice"
        config = ["--config", f"{folder}/sluice.yaml"]
        process = self.start([program, "up", *config], name + ".log", env=os.environ | {"BENCH_PASSWORD": PASSWORD})
        deadline = time.monotonic() + PATIENCE
        while not any(line.startswith("ready") for line in open(f"{self.folder}/{name}.log")):
            self.check(process, name + ".log", deadline)
        created = subprocess.run(
            [program, "token", "create", "bench-agent", "--group", "bench", "--format", "json", *config],
            check=True, capture_output=True, text=True)
        token = json.loads(created.stdout)
        return Endpoint(port, token["name"], token["secret"], process.pid, folder=folder)

    def wait(self, process, log, endpoint):
        deadline = time.monotonic() + PATIENCE
        while subprocess.run(["psql", "-X", "-c", "SELECT 1"], env=endpoint.environment(), capture_output=True).returncode:
            self.check(process, log, deadline)

    def check(self, process, log, deadline):
        if process.poll() is not None or time.monotonic() > deadline:
            raise SystemExit(f"{log}: not ready\n" + open(f"{self.folder}/{log}").read())
        time.sleep(0.05)

    @staticmethod
    def sql(endpoint, text):
        subprocess.run(["psql", "-X", "-q", "-v", "ON_ERROR_STOP=1", "-c", text], env=endpoint.environment(), check=True)
