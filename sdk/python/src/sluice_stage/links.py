"""The sending end: one PUSH socket for each peer."""

from __future__ import annotations

import os
import time
from collections import OrderedDict

import zmq

from . import bus_pb2 as bus
from .environment import log

PEER_MESSAGES = 64  # queued towards one peer before it counts as full
PEERS = 64  # sockets kept open; the one longest unused is closed beyond this
SEND_PATIENCE_MS = 1000  # then the answer is dropped; ingress asks again
ROOM_POLL_MS = 20


class Links:
    """Sends to inboxes of one bus directory, and to nothing else."""

    def __init__(self, context: zmq.Context[zmq.Socket[bytes]], directory: str) -> None:
        self._context = context
        self._directory = directory
        self._peers: OrderedDict[str, zmq.Socket[bytes]] = OrderedDict()
        self._stalled: set[str] = set()

    def is_inbox(self, endpoint: str) -> bool:
        """Whether it is BUS/stage/replica, without a step out of the directory."""
        prefix = f"ipc://{self._directory}/"
        parts = endpoint.removeprefix(prefix).split("/")
        return (
            endpoint.startswith(prefix)
            and len(parts) == 2
            and all(part and not part.startswith(".") and "\0" not in part for part in parts)
        )

    def replicas(self, stage: str) -> list[str]:
        """The file system is the registry: replica R of stage S binds BUS/S/R. A random one comes first: this sender pings
        nobody, and does not know how busy the replicas are."""
        try:
            names = [name for name in os.listdir(f"{self._directory}/{stage}") if not name.startswith(".")]
        except OSError:
            names = []
        names.sort(key=lambda _: os.urandom(4))
        endpoints = [f"ipc://{self._directory}/{stage}/{name}" for name in names]
        return [endpoint for endpoint in endpoints if self.is_inbox(endpoint)]

    def to_stage(self, stage: str, header: bus.Header, body: bytes, payload: bytes) -> None:
        self._send(stage, self.replicas(stage), header, body, payload)

    def to_inbox(self, endpoint: str, header: bus.Header, body: bytes = b"", payload: bytes = b"") -> None:
        # Answers go to inboxes of this bus only, whatever a message asks for.
        if self.is_inbox(endpoint):
            self._send(endpoint, [endpoint], header, body, payload)

    def _send(self, name: str, endpoints: list[str], header: bus.Header, body: bytes, payload: bytes) -> None:
        """Queues the message to the first peer that has room. A destination that had none is not waited for again."""
        parts = [header.SerializeToString(), body, payload]
        patience = 0 if name in self._stalled else SEND_PATIENCE_MS
        give_up = time.monotonic() + patience / 1000
        while True:
            for endpoint in endpoints:
                peer = self._peer(endpoint)
                if peer.poll(ROOM_POLL_MS if patience else 0, zmq.POLLOUT):
                    peer.send_multipart(parts, zmq.DONTWAIT)
                    self._stalled.discard(name)
                    return
            if not endpoints or time.monotonic() >= give_up:
                break
        if name not in self._stalled:
            self._stalled.add(name)
            log("no room towards the next stop; answer dropped", session=header.session)

    def _peer(self, endpoint: str) -> zmq.Socket[bytes]:
        if endpoint in self._peers:
            self._peers.move_to_end(endpoint)
            return self._peers[endpoint]
        link = self._context.socket(zmq.PUSH)
        link.setsockopt(zmq.SNDHWM, PEER_MESSAGES)
        link.setsockopt(zmq.IMMEDIATE, 1)  # queue only to a peer that is connected
        link.setsockopt(zmq.RECONNECT_IVL, 20)
        link.setsockopt(zmq.RECONNECT_IVL_MAX, 200)
        link.setsockopt(zmq.LINGER, SEND_PATIENCE_MS)
        link.connect(endpoint)
        self._peers[endpoint] = link
        if len(self._peers) > PEERS:
            self._peers.popitem(last=False)[1].close()
        return link
