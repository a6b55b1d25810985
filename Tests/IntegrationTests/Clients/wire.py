"""The PostgreSQL protocol by hand (manual, chapter 55), for what no well-behaved client sends."""

import base64
import hashlib
import hmac
import os
import secrets
import socket
import struct

HOST = os.environ.get("PGHOST", "127.0.0.1")
PORT = int(os.environ.get("PGPORT", "5432"))
USER = os.environ.get("PGUSER", "")
PASSWORD = os.environ.get("PGPASSWORD", "")
DATABASE = os.environ.get("PGDATABASE", "")
SSL_REQUEST = 80877103
GSSENC_REQUEST = 80877104
CANCEL_REQUEST = 80877102
PATIENCE = 20  # seconds without a byte: a peer that hangs


class Closed(Exception):
    """The peer closed the connection."""


class Refused(Exception):
    """An ErrorResponse during startup."""

    def __init__(self, fields):
        super().__init__(fields)
        self.fields = fields


class Wire:
    def __init__(self, host=HOST, port=PORT):
        self.socket = socket.create_connection((host, port), timeout=PATIENCE)
        self.pid = self.key = None
        self.status = None
        self.parameters = {}

    def close(self):
        self.socket.close()

    # -- writing

    def raw(self, data):
        self.socket.sendall(data)

    def send(self, kind, payload=b""):
        self.raw(kind + struct.pack("!i", len(payload) + 4) + payload)

    def request(self, code, payload=b""):
        self.raw(struct.pack("!ii", len(payload) + 8, code) + payload)

    def startup(self, version=196608, **parameters):
        pairs = {"user": USER, "database": DATABASE, **parameters}
        self.request(version, b"".join(text(k) + text(v) for k, v in pairs.items()) + b"\0")

    def query(self, sql):
        self.send(b"Q", text(sql))

    def parse(self, sql, name=""):
        self.send(b"P", text(name) + text(sql) + b"\0\0")

    def bind(self, statement="", portal="", binary=False):
        formats = struct.pack("!hh", 1, 1) if binary else struct.pack("!h", 0)
        self.send(b"B", text(portal) + text(statement) + struct.pack("!hh", 0, 0) + formats)

    def describe_portal(self, portal=""):
        self.send(b"D", b"P" + text(portal))

    def execute(self, portal="", rows=0):
        self.send(b"E", text(portal) + struct.pack("!i", rows))

    def sync(self):
        self.send(b"S")

    def flush(self):
        self.send(b"H")

    # -- reading

    def bytes(self, count):
        data = b""
        while len(data) < count:
            try:
                more = self.socket.recv(count - len(data))
            except ConnectionError as error:
                raise Closed from error
            if not more:
                raise Closed
            data += more
        return data

    def receive(self):
        """One message as (kind, payload)."""
        kind = self.bytes(1)
        (length,) = struct.unpack("!i", self.bytes(4))
        return kind, self.bytes(length - 4)

    def until(self, *kinds):
        """Messages up to and with the first of the given kinds, parameters and notices left out."""
        messages = []
        while True:
            kind, payload = self.receive()
            if kind == b"S":
                name, value = payload.split(b"\0")[:2]
                self.parameters[name.decode()] = value.decode()
            elif kind != b"N":
                messages.append((kind, payload))
            if kind == b"Z":
                self.status = payload
            if kind in kinds:
                return messages

    def ready(self):
        return self.until(b"Z")

    def ask(self, sql):
        self.query(sql)
        return self.ready()

    # -- logging in

    def login(self, version=196608, **parameters):
        self.startup(version, **parameters)
        self.authenticate()
        return self

    def authenticate(self, password=PASSWORD):
        """Answers what the server asks for, until ReadyForQuery."""
        while True:
            kind, payload = self.receive()
            if kind == b"E":
                raise Refused(fields(payload))
            if kind == b"R":
                (code,) = struct.unpack("!i", payload[:4])
                if code == 3:
                    self.send(b"p", text(password))
                elif code == 10:
                    assert b"SCRAM-SHA-256\0" in payload, payload
                    self.scram(password)
                else:
                    assert code == 0, f"authentication request {code}"
            elif kind == b"K":
                self.pid, self.key = payload[:4], payload[4:]
            elif kind == b"Z":
                self.status = payload
                return
            elif kind == b"S":
                name, value = payload.split(b"\0")[:2]
                self.parameters[name.decode()] = value.decode()

    def scram(self, password):
        """RFC 5802 with SHA-256 (RFC 7677), no channel binding."""
        first = "n=,r=" + base64.b64encode(secrets.token_bytes(18)).decode()
        initial = ("n,," + first).encode()
        self.send(b"p", text("SCRAM-SHA-256") + struct.pack("!i", len(initial)) + initial)
        server = self.sasl(11)
        nonce, salt, rounds = (part.split("=", 1)[1] for part in server.split(","))
        salted = hashlib.pbkdf2_hmac("sha256", password.encode(), base64.b64decode(salt), int(rounds))
        final = "c=biws,r=" + nonce
        signed = ",".join((first, server, final)).encode()
        key = hmac.digest(salted, b"Client Key", "sha256")
        proof = bytes(a ^ b for a, b in zip(key, hmac.digest(hashlib.sha256(key).digest(), signed, "sha256")))
        self.send(b"p", (final + ",p=" + base64.b64encode(proof).decode()).encode())
        expected = hmac.digest(hmac.digest(salted, b"Server Key", "sha256"), signed, "sha256")
        assert self.sasl(12) == "v=" + base64.b64encode(expected).decode(), "the server's signature is wrong"

    def sasl(self, wanted):
        kind, payload = self.receive()
        if kind == b"E":
            raise Refused(fields(payload))
        assert kind == b"R" and struct.unpack("!i", payload[:4])[0] == wanted, (kind, payload)
        return payload[4:].decode()


def text(value):
    return value.encode() + b"\0"


def fields(payload):
    """An ErrorResponse's fields by their letter: C is the SQLSTATE, M the message, H the hint."""
    return {chr(part[0]): part[1:].decode() for part in payload.split(b"\0") if part}


def kinds(messages):
    return b"".join(kind for kind, _ in messages).decode()


def error(messages):
    found = [fields(payload) for kind, payload in messages if kind == b"E"]
    assert len(found) == 1, messages
    return found[0]


def row(payload):
    """A DataRow's values."""
    (count,) = struct.unpack("!h", payload[:2])
    values, place = [], 2
    for _ in range(count):
        (length,) = struct.unpack("!i", payload[place:place + 4])
        place += 4
        values.append(None if length < 0 else payload[place:place + length])
        place += max(length, 0)
    return values


def rows(messages):
    return [row(payload) for kind, payload in messages if kind == b"D"]
