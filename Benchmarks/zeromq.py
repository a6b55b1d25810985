"""libzmq by ctypes, so that no Python package is needed: as much as a sender of records needs."""

import ctypes
import ctypes.util

PUSH, PULL, LINGER, POLLIN, DONTWAIT, SNDMORE = 8, 7, 17, 1, 1, 2


class Item(ctypes.Structure):
    """zmq_pollitem_t."""

    _fields_ = [("socket", ctypes.c_void_p), ("descriptor", ctypes.c_int), ("events", ctypes.c_short),
                ("found", ctypes.c_short)]


def load():
    library = ctypes.CDLL(ctypes.util.find_library("zmq") or "libzmq.so.5")
    pointer, number, size = ctypes.c_void_p, ctypes.c_int, ctypes.c_size_t
    for name, result, arguments in (
            ("zmq_ctx_new", pointer, []), ("zmq_ctx_term", number, [pointer]),
            ("zmq_socket", pointer, [pointer, number]), ("zmq_close", number, [pointer]),
            ("zmq_bind", number, [pointer, ctypes.c_char_p]), ("zmq_connect", number, [pointer, ctypes.c_char_p]),
            ("zmq_setsockopt", number, [pointer, number, pointer, size]),
            ("zmq_send", number, [pointer, pointer, size, number]),
            ("zmq_recv", number, [pointer, pointer, size, number]),
            ("zmq_msg_init_data", number, [pointer, pointer, size, pointer, pointer]),
            ("zmq_msg_send", number, [pointer, pointer, number]),
            ("zmq_poll", number, [pointer, number, ctypes.c_long])):
        function = getattr(library, name)
        function.restype, function.argtypes = result, arguments
    return library


LIBRARY = load()


class Context:
    def __init__(self):
        self.pointer = LIBRARY.zmq_ctx_new()

    def close(self):
        LIBRARY.zmq_ctx_term(self.pointer)


class Socket:
    def __init__(self, context, kind):
        self.pointer = LIBRARY.zmq_socket(context.pointer, kind)
        self.buffer = ctypes.create_string_buffer(1 << 16)
        self.message = ctypes.create_string_buffer(64)  # zmq_msg_t
        zero = ctypes.c_int(0)
        LIBRARY.zmq_setsockopt(self.pointer, LINGER, ctypes.byref(zero), 4)

    def bind(self, address):
        if LIBRARY.zmq_bind(self.pointer, address.encode()):
            raise SystemExit(f"cannot bind {address}")

    def connect(self, address):
        if LIBRARY.zmq_connect(self.pointer, address.encode()):
            raise SystemExit(f"cannot connect to {address}")

    def send(self, header, body):
        """A message of header, body and no payload. The body is not copied: it must not change before it is answered."""
        held = (ctypes.c_char * len(body)).from_buffer(body)
        if (LIBRARY.zmq_send(self.pointer, header, len(header), SNDMORE) < 0
                or LIBRARY.zmq_msg_init_data(self.message, held, len(body), None, None)
                or LIBRARY.zmq_msg_send(self.message, self.pointer, SNDMORE) < 0
                or LIBRARY.zmq_send(self.pointer, b"", 0, 0) < 0):
            raise SystemExit("cannot send")

    def receive(self):
        """The body of a message that is here; None when none is."""
        if LIBRARY.zmq_recv(self.pointer, self.buffer, len(self.buffer), DONTWAIT) < 0:
            return None
        length = LIBRARY.zmq_recv(self.pointer, self.buffer, len(self.buffer), 0)
        body = self.buffer.raw[:length]
        LIBRARY.zmq_recv(self.pointer, self.buffer, len(self.buffer), 0)
        return body

    def close(self):
        LIBRARY.zmq_close(self.pointer)


def wait(sockets, milliseconds):
    """Returns when one of them has a message, or after that time."""
    items = (Item * len(sockets))(*(Item(socket.pointer, 0, POLLIN, 0) for socket in sockets))
    if LIBRARY.zmq_poll(items, len(sockets), milliseconds) < 0:
        raise SystemExit("cannot wait for messages")
