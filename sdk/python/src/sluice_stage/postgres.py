"""Reply data in PostgreSQL's own form (manual, 55.7 “Message Formats”): for stages that count or rewrite rows."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from .errors import StageError

DATA_ROW = b"D"
COPY_DATA = b"d"
BINARY_SIGNATURE = b"PGCOPY\n\xff\r\n\0"
BINARY_HEADER_BYTES = 19  # before the extension that its last four bytes tell the length of
HEADER_BYTES = 5  # type, and a length that counts itself

Values = list[bytes | None]


def messages(payload: bytes) -> Iterator[tuple[bytes, bytes]]:
    """Type and body of each message. Raises StageError unless they are whole."""
    place = 0
    while place < len(payload):
        length = int.from_bytes(payload[place + 1 : place + HEADER_BYTES], "big", signed=True)
        end = place + 1 + length
        if len(payload) - place < HEADER_BYTES or length < HEADER_BYTES - 1 or end > len(payload):
            raise StageError("malformed", "a protocol message is cut")
        yield payload[place : place + 1], payload[place + HEADER_BYTES : end]
        place = end


def message(kind: bytes, body: bytes) -> bytes:
    return kind + (len(body) + HEADER_BYTES - 1).to_bytes(4, "big") + body


def row_count(payload: bytes, copy_format: str = "") -> int:
    """Rows, and rows of copy data: the server and the masker send each in a message of its own.

    `copy_format` is the batch's `copy.format`. With it, rows that a stage before has put together into one message count
    too. One that cuts rows makes each piece count.
    """
    rows = 0
    for kind, body in messages(payload):
        if kind == DATA_ROW:
            rows += 1
        elif kind == COPY_DATA:
            rows += max(1, copy_rows(body, copy_format))
    return rows


def copy_rows(body: bytes, copy_format: str) -> int:
    """Whole rows in copy data that begins where a row begins."""
    if copy_format == "text":
        return body.count(b"\n")  # within a value it is written as two other characters
    if copy_format == "csv":
        # Every second piece stands in quotes, where line breaks are part of a value.
        return sum(piece.count(b"\n") for piece in body.split(b'"')[::2])
    if copy_format == "binary":
        return binary_rows(body)
    return 0


def binary_rows(body: bytes) -> int:
    """PostgreSQL manual, COPY, “Binary Format”."""
    place = 0
    if body.startswith(BINARY_SIGNATURE):
        place = BINARY_HEADER_BYTES + int.from_bytes(body[BINARY_HEADER_BYTES - 4 : BINARY_HEADER_BYTES], "big")
    rows = 0
    while place + 2 <= len(body):
        fields = int.from_bytes(body[place : place + 2], "big", signed=True)
        place += 2
        for _ in range(fields):
            place += 4 + max(0, int.from_bytes(body[place : place + 4], "big", signed=True))
        if fields < 0 or place > len(body):
            break  # the trailer, or a row that is cut
        rows += 1
    return rows


def values(body: bytes) -> Values:
    """A row's values in wire form; None is NULL."""
    result: Values = []
    place = 2
    for _ in range(int.from_bytes(body[:2], "big", signed=True)):
        length = int.from_bytes(body[place : place + 4], "big", signed=True)
        place += 4
        if length < -1 or place > len(body) or place + max(length, 0) > len(body):
            raise StageError("malformed", "a row's value is cut")
        result.append(None if length < 0 else body[place : place + length])
        place += max(length, 0)
    if len(body) < 2 or place != len(body):
        raise StageError("malformed", "a row has bytes left over")
    return result


def row(fields: Values) -> bytes:
    """The row message with these values."""
    parts = [len(fields).to_bytes(2, "big")]
    for value in fields:
        if value is None:
            parts.append(b"\xff\xff\xff\xff")
        else:
            parts.append(len(value).to_bytes(4, "big") + value)
    return message(DATA_ROW, b"".join(parts))


def rewrite_rows(
    payload: bytes,
    change: Callable[[Values], Values],
    *,
    copy: Callable[[bytes], bytes] | None = None,
) -> bytes:
    """Every row as `change` makes it, which keeps the number of values, and every copy data message (COPY TO STDOUT) as
    `copy` makes it; all other messages stay as they are.

    Copy data is text, CSV or binary, as the client chose, and one message need not be one row. Without `copy` it raises
    StageError, so that the reply is withheld: what `change` would have removed must not pass in another form.
    """
    result = []
    for kind, body in messages(payload):
        if kind == DATA_ROW:
            before = values(body)
            after = change(before)
            if len(after) != len(before):
                raise StageError("malformed", "a rewritten row has another number of values")
            result.append(row(after))
        elif kind == COPY_DATA:
            if copy is None:
                raise StageError("copy-data", "the reply is copy data, and this stage rewrites rows only")
            result.append(message(kind, copy(body)))
        else:
            result.append(message(kind, body))
    return b"".join(result)
