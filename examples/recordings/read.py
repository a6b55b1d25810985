#!/usr/bin/env python3
"""Reads and proves a replica's recording by docs/recording-format.md alone: another program than Sluice's own.

    read.py FOLDER [--key recording.key]

FOLDER is `<recordings>/<replica>`. Every record goes to standard output as a line of JSON, the same as those of `sluice
sessions export`. What is wrong goes to standard error with file and byte, and the exit code is then 1. With the recorder's
key, the head's authenticity is proven too. Needs protobuf and the messages of the stage package (sdk/python).
"""

import argparse
import hashlib
import hmac
import json
import pathlib
import struct
import sys

from google.protobuf.json_format import MessageToDict
from sluice_stage import bus_pb2

SEGMENT_HEADER = struct.Struct("<8sIIQQQQ32s56sQ")  # 144 bytes, then the chain value
BLOCK_HEADER = struct.Struct("<8sQIIII")  # 32 bytes, then the chain value
HEAD = struct.Struct("<8sIIQQQQ32s56s")  # 136 bytes, then the HMAC
CHAIN = 32
MAXIMUM_PAYLOAD = 64 << 20


class Damage(Exception):
    """Bytes that are not as they were written."""

    def __init__(self, path, offset, reason):
        super().__init__(f"{path}: byte {offset}: {reason}")


def rotated(value, count):
    return ((value << count) | (value >> (32 - count))) & 0xFFFFFFFF


def xxhash32(data):
    """github.com/Cyan4973/xxHash, doc/xxhash_spec.md: XXH32 with seed 0."""
    primes = (2654435761, 2246822519, 3266489917, 668265263, 374761393)
    mask = 0xFFFFFFFF
    place = 0
    if len(data) >= 16:
        lanes = [(primes[0] + primes[1]) & mask, primes[1], 0, -primes[0] & mask]
        while place + 16 <= len(data):
            for lane, word in enumerate(struct.unpack_from("<4I", data, place)):
                lanes[lane] = rotated((lanes[lane] + word * primes[1]) & mask, 13) * primes[0] & mask
            place += 16
        value = sum(rotated(lane, count) for lane, count in zip(lanes, (1, 7, 12, 18))) & mask
    else:
        value = primes[4]
    value = (value + len(data)) & mask
    while place + 4 <= len(data):
        (word,) = struct.unpack_from("<I", data, place)
        value = rotated((value + word * primes[2]) & mask, 17) * primes[3] & mask
        place += 4
    for byte in data[place:]:
        value = rotated((value + byte * primes[4]) & mask, 11) * primes[0] & mask
    for shift, prime in ((15, primes[1]), (13, primes[2]), (16, 1)):
        value = (value ^ (value >> shift)) * prime & mask
    return value


def lz4_block(data, out):
    """github.com/lz4/lz4, doc/lz4_Block_format.md; `out` holds what came before and is added to."""
    place = 0

    def length(base):
        nonlocal place
        total = base
        while base == 15:
            total += data[place]
            place += 1
            if data[place - 1] != 255:
                break
        return total

    while place < len(data):
        token = data[place]
        place += 1
        literals = length(token >> 4)
        out += data[place : place + literals]
        place += literals
        if place >= len(data):
            return
        distance = data[place] | data[place + 1] << 8
        place += 2
        count = length(token & 15) + 4
        start = len(out) - distance
        if distance == 0 or start < 0:
            raise ValueError("a match before the beginning")
        for index in range(count):  # It may overlap what it makes.
            out.append(out[start + index])


def lz4_frame(frame, size):
    """github.com/lz4/lz4, doc/lz4_Frame_format.md: one frame with content size and content checksum."""
    magic, flags = struct.unpack_from("<IB", frame)
    if magic != 0x184D2204 or flags >> 6 != 1 or not flags & 0x08 or not flags & 0x04:
        raise ValueError("no LZ4 frame with content size and checksum")
    if struct.unpack_from("<Q", frame, 6)[0] != size:
        raise ValueError("the frame has another content size")
    if frame[14] != xxhash32(frame[4:14]) >> 8 & 0xFF:
        raise ValueError("the frame's descriptor was changed")
    place = 15
    out = bytearray()
    while True:
        (length,) = struct.unpack_from("<I", frame, place)
        place += 4
        if length == 0:
            break
        content = frame[place : place + (length & 0x7FFFFFFF)]
        if length >> 31:
            out += content
        else:
            lz4_block(content, out)
        place += len(content) + (4 if flags & 0x10 else 0)
    if len(out) != size or struct.unpack_from("<I", frame, place)[0] != xxhash32(out):
        raise ValueError("the frame's content was changed")
    return bytes(out)


class Recording:
    """One replica's folder, from its first byte to its head."""

    def __init__(self, folder, key):
        self.folder = pathlib.Path(folder)
        self.chain = bytes(CHAIN)
        self.block = 0
        self.records = 0
        self.seal = 0
        self.sequences = {}
        self.read_head(key)

    def read_head(self, key):
        path = self.folder / "head"
        data = path.read_bytes()
        if len(data) != HEAD.size + CHAIN:
            raise Damage(path, 0, "a head has 168 bytes")
        magic, version, size, self.segment, self.offset, self.last, self.total, self.end, _ = HEAD.unpack_from(data)
        if (magic, version, size) != (b"SLUICEHD", 1, len(data)):
            raise Damage(path, 0, "no head of version 1")
        expected = hmac.digest(key, data[: HEAD.size], "sha256") if key else data[HEAD.size :]
        if not hmac.compare_digest(expected, data[HEAD.size :]):
            raise Damage(path, HEAD.size, "the head was not made with this key")

    def read(self):
        """Every acknowledged record, in the order in which they were written."""
        for number in range(1, self.segment + 1):
            path = self.folder / f"{number:08}.slseg"
            if not path.exists():
                raise Damage(path, 0, "the segment is missing")
            yield from self.read_segment(path, number)
        if (self.block, self.records, self.chain) != (self.last, self.total, self.end):
            raise Damage(self.folder / "head", 0, "the recording does not end where the head says")

    def read_segment(self, path, number):
        data = path.read_bytes()[: self.offset if number == self.segment else None]
        size = SEGMENT_HEADER.size
        if len(data) < size + CHAIN:
            raise Damage(path, len(data), "the file ends inside its header")
        magic, version, length, segment, _, first, records, carried, _, seal = SEGMENT_HEADER.unpack_from(data)
        if (magic, version, length) != (b"SLUICSEG", 1, size + CHAIN):
            raise Damage(path, 0, "no segment of version 1")
        if (segment, first, records, carried, seal) != (number, self.block + 1, self.records, self.chain, self.seal):
            raise Damage(path, 16, "it does not go on where the segment before it ends")
        self.chain = hashlib.sha256(data[:size]).digest()
        if self.chain != data[size : size + CHAIN]:
            raise Damage(path, 0, "the segment header was changed")
        place = size + CHAIN
        is_sealed = False
        while place < len(data):
            if is_sealed:
                raise Damage(path, place, "bytes after the seal")
            payload, is_sealed, count, place = self.read_block(path, data, place)
            if not is_sealed:
                yield from self.split(path, payload, count)
        if number < self.segment and not is_sealed:
            raise Damage(path, len(data), "the segment has no seal")

    def read_block(self, path, data, place):
        start = place + BLOCK_HEADER.size + CHAIN
        if len(data) < start:
            raise Damage(path, place, "the file ends inside this block")
        magic, number, size, length, count, zero = BLOCK_HEADER.unpack_from(data, place)
        if magic not in (b"SLBLOCK1", b"SLSEAL01") or zero or size > MAXIMUM_PAYLOAD:
            raise Damage(path, place, "no block")
        if number != self.block + 1:
            raise Damage(path, place + 8, f"block {number} stands where block {self.block + 1} must")
        frame = data[start : start + length]
        if len(frame) != length:
            raise Damage(path, place, "the file ends inside this block")
        chain = hashlib.sha256(self.chain + data[place : place + BLOCK_HEADER.size] + frame).digest()
        if chain != data[place + BLOCK_HEADER.size : start]:
            raise Damage(path, place, "the block was changed")
        try:
            payload = lz4_frame(frame, size)
        except (ValueError, IndexError, struct.error) as error:
            raise Damage(path, place, str(error)) from error
        is_seal = magic == b"SLSEAL01"
        self.block, self.chain, self.seal = number, chain, place if is_seal else 0
        if is_seal and count:
            raise Damage(path, place + 24, "a seal with records")
        return payload, is_seal, count, start + length

    def split(self, path, payload, count):
        """The records of one block; each session's sequence has no gaps but where it says that it was elsewhere."""
        place = 0
        for _ in range(count):
            (length,) = struct.unpack_from("<I", payload, place)
            record = bus_pb2.Record.FromString(payload[place + 4 : place + 4 + length])
            place += 4 + length
            if record.session and record.WhichOneof("event") == "session_resumed":
                self.sequences[record.session] = record.sequence
            elif record.session:
                expected = self.sequences.get(record.session, 0) + 1
                if record.sequence != expected:
                    raise Damage(path, 0, f"session {record.session}: record {record.sequence}, not {expected}")
                self.sequences[record.session] = record.sequence
            self.records += 1
            yield record
        if place != len(payload):
            raise Damage(path, 0, "bytes after the last record of a block")


def main():
    parser = argparse.ArgumentParser(description="Read and prove a replica's recording.")
    parser.add_argument("folder", help="<recordings>/<replica>")
    parser.add_argument("--key", help="the recorder's key file: proves the head")
    arguments = parser.parse_args()
    try:
        key = pathlib.Path(arguments.key).read_bytes() if arguments.key else None
        recording = Recording(arguments.folder, key)
        for record in recording.read():
            print(json.dumps(MessageToDict(record), ensure_ascii=False, separators=(",", ":")))
    except (Damage, OSError) as error:
        sys.exit(f"read.py: {error}")
    print(
        f"whole: {recording.segment} segments, {recording.block} blocks, {recording.records} records",
        file=sys.stderr,
    )


if __name__ == "__main__":
    main()
