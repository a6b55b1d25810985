"""What a supervisor tells a stage process, and what the process tells it."""

from __future__ import annotations

import json
import os
import socket
import sys
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from .errors import StageError
from .signing import KEY_BYTES


@dataclass(frozen=True)
class Environment:
    """The variables of docs/adding-a-stage.md."""

    stage: str
    replica: str
    bus: str  # an absolute path
    key: bytes
    state: Path | None  # a folder of the stage's own, kept over restarts and shared by its replicas

    @staticmethod
    def from_process(variables: Mapping[str, str] = os.environ) -> Environment:
        """Raises StageError naming what is missing."""

        def need(name: str) -> str:
            value = variables.get(name, "")
            if not value:
                raise StageError("environment", f"{name} is not set: start stages with `sluice up`")
            return value

        try:
            key = Path(need("SLUICE_KEY_FILE")).read_bytes()
        except OSError as error:
            raise StageError("environment", f"the decision key cannot be read: {error.strerror}") from None
        if len(key) != KEY_BYTES:
            raise StageError("environment", f"a decision key has {KEY_BYTES} bytes, not {len(key)}")
        # STATE_DIRECTORY is what systemd says for StateDirectory=.
        state = variables.get("SLUICE_STATE_DIR") or variables.get("STATE_DIRECTORY") or ""
        return Environment(
            stage=need("SLUICE_STAGE"),
            replica=need("SLUICE_REPLICA"),
            bus=need("SLUICE_BUS"),
            key=key,
            state=Path(state) if state else None,
        )

    @property
    def inbox(self) -> Path:
        return Path(self.bus) / self.stage / self.replica

    def state_path(self, name: str) -> Path:
        """A file of that name in the stage's own folder. Raises StageError when the stage was given none."""
        if self.state is None:
            raise StageError("environment", "SLUICE_STATE_DIR is not set: the stage has nowhere to keep its state")
        self.state.mkdir(mode=0o700, parents=True, exist_ok=True)
        return self.state / name


def notify(state: str) -> None:
    """Tells the supervisor, by the sd_notify protocol; nothing without NOTIFY_SOCKET."""
    address = os.environ.get("NOTIFY_SOCKET", "")
    if address:
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as datagram:
            text = f"{state}\nMAINPID={os.getpid()}"
            datagram.sendto(text.encode(), "\0" + address[1:] if address[0] == "@" else address)


class Watchdog:
    """Tells systemd's watchdog (sd_watchdog_enabled(3)) that the work loop turns; nothing without WATCHDOG_USEC."""

    def __init__(self, variables: Mapping[str, str] = os.environ) -> None:
        microseconds = variables.get("WATCHDOG_USEC", "")
        self._interval = int(microseconds) / 2_000_000 if microseconds else None
        self._due = 0.0

    def turned(self) -> None:
        now = time.monotonic()
        if self._interval is not None and now >= self._due:
            self._due = now + self._interval
            notify("WATCHDOG=1")


def watch_lifeline() -> None:
    """Ends the process when the supervisor is gone: the pipe in SLUICE_LIFELINE_FD closes."""
    lifeline = os.environ.get("SLUICE_LIFELINE_FD")
    if not lifeline:
        return
    descriptor = int(lifeline)

    def watch() -> None:
        while os.read(descriptor, 1):
            pass
        os._exit(1)

    threading.Thread(target=watch, daemon=True).start()


def log(text: str, *, level: str = "error", session: str = "") -> None:
    """One line on standard error, as JSON when SLUICE_LOG=json. Never data or secrets."""
    if os.environ.get("SLUICE_LOG") == "json":
        now = time.time_ns() // 1_000_000
        clock = time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(now // 1000)) + f".{now % 1000:03d}Z"
        line = {
            "ts": clock,
            "level": level,
            "stage": os.environ.get("SLUICE_STAGE", ""),
            "replica": os.environ.get("SLUICE_REPLICA", ""),
        }
        if session:
            line["session"] = session
        line["msg"] = text
        # As the built-in stages write it: the supervisor passes on what has this form.
        print(json.dumps(line, ensure_ascii=False, separators=(",", ":")), file=sys.stderr, flush=True)
    else:
        print(f"{level}{' session=' + session if session else ''}: {text}", file=sys.stderr, flush=True)
