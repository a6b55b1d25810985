"""A bus directory, and a stage program in it, as the supervisor starts it."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import tempfile
import textwrap
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import zmq

from sluice_stage import bus_pb2 as bus

PATIENCE_S = 10
KEY = bytes(range(32))


class Rig:
    """Plays ingress and the next stop for one stage process."""

    def __init__(self, folder: Path, program: str) -> None:
        self.folder = folder
        self.bus = folder / "bus"
        self.context: zmq.Context[zmq.Socket[bytes]] = zmq.Context()
        for stage in ("ingress", "next", "approver"):
            (self.bus / stage).mkdir(parents=True)
        self.inboxes = {stage: self._inbox(stage) for stage in ("ingress", "next", "approver")}
        self.notify = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.notify.settimeout(PATIENCE_S)
        self.notify.bind(str(folder / "notify"))
        (folder / "key").write_bytes(KEY)
        (folder / "stage.py").write_text(textwrap.dedent(program))
        reader, self.lifeline = os.pipe()
        self.process = subprocess.Popen(
            [sys.executable, str(folder / "stage.py")],
            env={
                **os.environ,
                "SLUICE_STAGE": "mine",
                "SLUICE_REPLICA": "0",
                "SLUICE_BUS": str(self.bus),
                "SLUICE_KEY_FILE": str(folder / "key"),
                "SLUICE_STATE_DIR": str(folder / "state"),
                "NOTIFY_SOCKET": str(folder / "notify"),
                "SLUICE_LIFELINE_FD": str(reader),
            },
            pass_fds=[reader],
            stderr=subprocess.PIPE,
            text=True,
        )
        os.close(reader)
        assert self.notify.recv(4096).decode() == f"READY=1\nMAINPID={self.process.pid}"
        self.stage = self.context.socket(zmq.PUSH)
        self.stage.setsockopt(zmq.SNDTIMEO, PATIENCE_S * 1000)
        self.stage.connect(f"ipc://{self.bus}/mine/0")

    def _inbox(self, stage: str) -> zmq.Socket[bytes]:
        inbox = self.context.socket(zmq.PULL)
        inbox.setsockopt(zmq.RCVTIMEO, PATIENCE_S * 1000)
        inbox.bind(f"ipc://{self.bus}/{stage}/0")
        return inbox

    @property
    def reply_to(self) -> str:
        return f"ipc://{self.bus}/ingress/0"

    def header(self, kind: bus.Kind, sequence: int = 1, route: tuple[str, ...] = ()) -> bus.Header:
        return bus.Header(
            contract_version=1,
            kind=kind,
            session="s1",
            sequence=sequence,
            lane=bus.LANE_RESPONSE if kind == bus.KIND_MASK else bus.LANE_REQUEST,
            route=route,
            reply_to=self.reply_to,
            deadline_ms=time.time_ns() // 1_000_000 + 60_000,
        )

    def send(self, header: bus.Header, body: bytes = b"", payload: bytes = b"") -> None:
        self.stage.send_multipart([header.SerializeToString(), body, payload])

    def command(
        self, text: bytes = b"SELECT 1", sequence: int = 1, route: tuple[str, ...] = (), judge: bus.Judge | None = None
    ) -> None:
        judge = judge or bus.Judge(
            digest=b"\x09" * 32,
            principal=bus.Principal(name="agent-1", groups=["ai-agents"]),
            resource="orders",
            purpose=bus.COMMAND_PURPOSE_EXECUTION,
        )
        self.send(self.header(bus.KIND_JUDGE, sequence, route), judge.SerializeToString(), text)

    def receive(self, stage: str = "ingress") -> tuple[bus.Header, bytes, bytes]:
        header, body, payload = self.inboxes[stage].recv_multipart()
        return bus.Header.FromString(header), body, payload

    def decision(self, stage: str = "ingress") -> bus.Decision:
        header, _, _ = self.receive(stage)
        return bus.Decision.FromString(header.decisions[-1].decision)

    def stop(self) -> int:
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(PATIENCE_S)

    def close(self) -> None:
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait(PATIENCE_S)
        if self.process.stderr:
            self.process.stderr.close()
        os.close(self.lifeline)
        self.notify.close()
        self.context.destroy(linger=0)


@pytest.fixture
def start() -> Iterator[Callable[[str], Rig]]:
    """Starts a stage from the text of its program."""
    rigs: list[Rig] = []
    with tempfile.TemporaryDirectory(prefix="sluice-", dir="/tmp") as folder:

        def begin(program: str) -> Rig:
            place = Path(folder) / str(len(rigs))
            place.mkdir()
            rigs.append(Rig(place, program))
            return rigs[-1]

        yield begin
        for rig in rigs:
            rig.close()
