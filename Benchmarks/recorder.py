"""Recorders alone: reply data goes to one and to two of them over their bus, as ingress sends it, and is timed until it
is acknowledged. Speaks to libzmq by ctypes, so that no Python package is needed."""

import ctypes
import ctypes.util
import os
import secrets
import shutil
import subprocess
import tempfile
import time

RECORDS = 16  # of one batch, which is one session's
RECORD_BYTES = 64 << 10
WINDOW = 8  # batches under way to one recorder
PATIENCE = 30  # seconds for a recorder to come up or to answer
PUSH, PULL, LINGER, POLLIN, DONTWAIT, SNDMORE = 8, 7, 17, 1, 1, 2
CONFIGURATION = """\
state: ./state
listeners: {postgres: 127.0.0.1:1}
resources:
  - {name: none, protocol: postgres, target: 127.0.0.1:1/none, tls: disable, credentials: {user: u, password: {env: P}}}
policy: policy.yaml
"""


def varint(value):
    out = bytearray()
    while value >= 0x80:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    out.append(value)
    return bytes(out)


def number(field, value):
    return varint(field << 3) + varint(value)


def text(field, value):
    return varint(field << 3 | 2) + varint(len(value)) + value


def reply_rows():
    """Rows as PostgreSQL sends them: compressible as text is."""
    rows = bytearray()
    row = 0
    while len(rows) < RECORD_BYTES:
        fields = [b"%d" % row, b"Customer number %d" % row, b"person%d@mail%d.example.com" % (row, row % 7),
                  secrets.token_hex(16).encode() + b" lives at number %d of some longer street" % (row % 100)]
        body = len(fields).to_bytes(2) + b"".join(len(field).to_bytes(4) + field for field in fields)
        rows += b"D" + (len(body) + 4).to_bytes(4) + body
        row += 1
    return bytes(rows[:RECORD_BYTES])


class Batch:
    """A RecordBatch of one new session each time it is sent."""

    def __init__(self):
        marker = b"@" * 32
        output = text(15, text(2, reply_rows()))
        self.body = bytearray(b"".join(
            text(1, text(1, marker) + number(2, sequence) + number(3, time.time_ns() // 1000) + output)
            for sequence in range(1, RECORDS + 1)) + number(2, 1))
        self.places = []
        place = self.body.find(marker)
        while place >= 0:
            self.places.append(place)
            place = self.body.find(marker, place + 1)

    def next(self):
        session = secrets.token_hex(16).encode()
        for place in self.places:
            self.body[place:place + 32] = session
        return session, bytes(self.body)


class Recorder:
    def __init__(self, bus, folder, number_, context, library):
        self.library = library
        self.name = str(number_)
        key = f"{folder}/key"
        environment = os.environ | {
            "SLUICE_STAGE": "recorder", "SLUICE_REPLICA": self.name, "SLUICE_BUS": bus, "SLUICE_KEY_FILE": key, "P": ""}
        self.log = f"{folder}/recorder-{self.name}.log"
        with open(self.log, "w") as log:
            self.process = subprocess.Popen(
                [os.environ["BENCH_BIN"] + "/sluice-recorder", "--config", f"{folder}/sluice.yaml"],
                stdin=subprocess.DEVNULL, stdout=log, stderr=log, env=environment)
        self.reply_to = f"ipc://{bus}/ingress/{self.name}".encode()
        self.inbox = self.socket(context, PULL)
        if library.zmq_bind(self.inbox, self.reply_to):
            raise SystemExit("cannot bind the inbox")
        deadline = time.monotonic() + PATIENCE
        while not os.path.exists(f"{bus}/recorder/{self.name}"):
            if self.process.poll() is not None or time.monotonic() > deadline:
                raise SystemExit(open(self.log).read())
            time.sleep(0.01)
        self.outbox = self.socket(context, PUSH)
        if library.zmq_connect(self.outbox, f"ipc://{bus}/recorder/{self.name}".encode()):
            raise SystemExit("cannot connect to the recorder")
        self.sent = self.answered = 0
        self.under_way = {}

    def socket(self, context, kind):
        socket = self.library.zmq_socket(context, kind)
        zero = ctypes.c_int(0)
        self.library.zmq_setsockopt(socket, LINGER, ctypes.byref(zero), 4)
        return socket

    def send(self, batch):
        session, body = batch.next()
        self.sent += 1
        self.under_way[session] = time.monotonic()
        header = (number(1, 1) + number(2, 7) + number(4, self.sent) + number(5, 3) + text(7, self.reply_to))
        for part, flags in ((header, SNDMORE), (body, SNDMORE), (b"", 0)):
            if self.library.zmq_send(self.outbox, part, len(part), flags) < 0:
                raise SystemExit("cannot send")

    def receive(self):
        """Takes the answers that are here."""
        buffer = ctypes.create_string_buffer(4096)
        while self.library.zmq_recv(self.inbox, buffer, len(buffer), DONTWAIT) >= 0:
            length = self.library.zmq_recv(self.inbox, buffer, len(buffer), 0)
            body = buffer.raw[:length]
            self.library.zmq_recv(self.inbox, buffer, len(buffer), 0)
            session = next((one for one in self.under_way if text(1, one) + number(2, RECORDS) in body), None)
            if session is None:
                raise SystemExit(f"not acknowledged: {body!r}")
            del self.under_way[session]
            self.answered += 1
        if any(time.monotonic() - since > PATIENCE for since in self.under_way.values()):
            raise SystemExit("a recorder does not answer: " + open(self.log).read())

    def processor_seconds(self):
        fields = open(f"/proc/{self.process.pid}/stat").read().rsplit(")", 1)[1].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def stop(self):
        self.process.terminate()
        try:
            self.process.wait(PATIENCE)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        self.library.zmq_close(self.inbox)
        self.library.zmq_close(self.outbox)


def recorders(count, seconds):
    """Bytes of records a second that `count` recorders acknowledged together, and bytes per second of their processors."""
    library = ctypes.CDLL(ctypes.util.find_library("zmq") or "libzmq.so.5")
    library.zmq_ctx_new.restype = library.zmq_socket.restype = ctypes.c_void_p
    for function in (library.zmq_bind, library.zmq_connect):
        function.argtypes = [ctypes.c_void_p, ctypes.c_char_p]
    library.zmq_socket.argtypes = [ctypes.c_void_p, ctypes.c_int]
    library.zmq_close.argtypes = [ctypes.c_void_p]
    library.zmq_setsockopt.argtypes = [ctypes.c_void_p, ctypes.c_int, ctypes.c_void_p, ctypes.c_size_t]
    library.zmq_send.argtypes = [ctypes.c_void_p, ctypes.c_char_p, ctypes.c_size_t, ctypes.c_int]
    library.zmq_recv.argtypes = [ctypes.c_void_p, ctypes.c_void_p, ctypes.c_size_t, ctypes.c_int]
    folder = tempfile.mkdtemp(prefix="slb-", dir="/tmp")
    bus = f"{folder}/bus"
    running = []
    try:
        for path in (bus, f"{bus}/ingress", f"{bus}/recorder", f"{folder}/state", f"{folder}/state/keys"):
            os.mkdir(path, 0o700)
        for name, content in (("sluice.yaml", CONFIGURATION), ("policy.yaml", "rules: []\n")):
            with open(f"{folder}/{name}", "w") as file:
                file.write(content)
        with open(os.open(f"{folder}/key", os.O_WRONLY | os.O_CREAT, 0o600), "wb") as file:
            file.write(secrets.token_bytes(32))
        context = library.zmq_ctx_new()
        running = [Recorder(bus, folder, number_, context, library) for number_ in range(count)]
        batch = Batch()
        start, used = time.monotonic(), [one.processor_seconds() for one in running]
        while time.monotonic() - start < seconds:
            for one in running:
                one.receive()
                while len(one.under_way) < WINDOW:
                    one.send(batch)
        elapsed = time.monotonic() - start
        size = len(batch.body) * sum(one.answered for one in running)
        spent = sum(one.processor_seconds() - before for one, before in zip(running, used))
        return size / elapsed, size / spent
    finally:
        for one in running:
            one.stop()
        shutil.rmtree(folder, ignore_errors=True)
