#!/usr/bin/env python3
"""Reads and proves a replica's recording by docs/recording-format.md alone: another program than Sluice's own.

FOLDER is `<recordings>/<replica>`. Every record that can be read goes to standard output as JSON, as those of `sluice
sessions export`. What is wrong goes to standard error with file and byte, and the exit code is then 1.
Needs protobuf, cryptography, lz4 and the messages of the stage package (sdk/python).
"""

import argparse
import hmac
import json
import struct
import sys
from base64 import b64decode
from hashlib import sha256
from pathlib import Path

import lz4.frame
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ed25519, padding
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from google.protobuf.json_format import MessageToDict
from google.protobuf.message import DecodeError
from hpke import hpke_open
from signatures import is_signed, merkle_root
from sluice_stage import bus_pb2

SEGMENT = struct.Struct("<8sIIQQQQ32s56sQ32s32s")  # 208 bytes, then the chain value
BLOCK = struct.Struct("<8sQIIII")  # 32 bytes, then the chain value
SEAL = struct.Struct("<QQ32s32sQQ32s32sII")  # 168 bytes, then sessions and the signature
HEAD = struct.Struct("<8sIIQQQQ32s56s")  # 136 bytes, then the HMAC
OAEP = padding.OAEP(padding.MGF1(hashes.SHA256()), hashes.SHA256(), None)
DER = (serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)


def require(is_so, path, offset, reason):
    if not is_so:
        sys.exit(f"read.py: {path}: byte {offset}: {reason}")


class Checkpoint:
    """A signed note: what it says, and its signatures by the ids of their keys."""

    def __init__(self, path):
        self.path = path
        text, _, signatures = Path(path).read_text(encoding="utf-8").partition("\n\n")
        try:
            self.origin, sealed, root, *rest = text.split("\n")
            self.signed, self.sealed, self.root = (text + "\n").encode(), int(sealed), b64decode(root)
            said = dict(line.split(" ", 1) for line in rest)
            place = [int(said[name]) for name in ("segment", "offset", "block", "records")]
            self.position = (*place, b64decode(said["chain"]))
            notes = [b64decode(line.split(" ")[2]) for line in signatures.splitlines() if "— sluice-recorder " in line]
            self.signatures = {note[:4]: note[4:] for note in notes}
        except (ValueError, KeyError, IndexError):
            require(False, path, 0, "no checkpoint")

    def is_signed_by(self, key):
        return is_signed(key, self.signatures.get(sha256(b"sluice-recorder\n\1" + key).digest()[:4], b""), self.signed)


class Recording:
    """One replica's folder, from its first byte to its head."""

    def __init__(self, folder, secret, decryption):
        self.folder, self.decryption = Path(folder).resolve(), decryption
        self.replica, self.next_signer = self.folder.name.encode().ljust(56, b"\0"), None
        self.chain, self.block, self.records, self.seal = bytes(32), 0, 0, 0
        self.keys = {}  # which segments name
        self.leaves, self.positions, self.sequences, self.ended = [], set(), {}, set()
        self.missing, self.erased = [], []
        self.kept = (self.folder / "leaves").read_bytes()
        path, data = self.folder / "head", (self.folder / "head").read_bytes()
        *kind, self.last, self.end, block, records, chain, replica = HEAD.unpack_from(data.ljust(HEAD.size))
        require(kind == [b"SLUICEHD", 2, HEAD.size + 32] and len(data) == HEAD.size + 32, path, 0, "no head of version 2")
        self.mark = (block, records, chain)
        require(replica == self.replica, path, 80, "the head of another replica")
        self.own = ed25519.Ed25519PrivateKey.from_private_bytes(secret).public_key().public_bytes_raw() if secret else None
        self.key = hmac.digest(secret, b"sluice recording head", "sha256") if secret else None
        if self.key:
            expected = hmac.digest(self.key, data[: HEAD.size], "sha256")
            require(expected == data[HEAD.size :], path, HEAD.size, "the head was not made with this key")

    def read(self):
        """Every acknowledged record that can be read, in the order in which they were written."""
        for number in range(1, self.last + 1):
            path = self.folder / f"{number:08}.slseg"
            if path.exists():
                yield from self.read_segment(path, number)
            else:
                self.missing.append(number)
                self.leaves.append(self.kept[32 * (number - 1) : 32 * number])
                self.chain = self.leaves[-1]
        require((self.block, self.records, self.chain) == self.mark, self.folder / "head", 32, "the recording ends elsewhere")

    def prove(self, trusted, remembered):
        """Leaves, checkpoints, and that notices name what is gone. Returns how many blocks are not signed yet."""
        own, leaves = Checkpoint(self.folder / "checkpoint"), self.folder / "leaves"
        require(own.position[0] not in self.missing, own.path, 0, "the segment of the checkpoint is missing")
        for number, kind, name in [(n, "removed", "slseg") for n in self.missing] + [(n, "", "slkeys") for n in self.erased]:
            is_listed = any(what.startswith(kind) and a <= number <= b for what, a, b in self.removals(own.position[0]))
            require(is_listed, self.folder / f"{number:08}.{name}", 0, "it is missing")
        require(len(self.kept) >= own.sealed * 32, leaves, len(self.kept), "the checkpoint says that there are more")
        for index in range(min(len(self.kept) // 32, len(self.leaves))):
            leaf = self.kept[index * 32 : index * 32 + 32]
            require(leaf == self.leaves[index], leaves, index * 32, "not the chain value after that seal")
        for note in [own] + [Checkpoint(path) for path in remembered]:
            require(note.origin == f"sluice/{self.folder.name}", note.path, 0, "a checkpoint of another recording")
            is_here = note.position in self.positions or note.position[0] in self.missing
            is_tree = note.sealed <= len(self.leaves) and merkle_root(self.leaves[: note.sealed]) == note.root
            require(is_here and is_tree, note.path, 0, "the recording has not what it says")
            keys = [self.keys[note.position[0]]] if note.position[0] in self.keys else self.keys.values()
            require(any(map(note.is_signed_by, keys)), note.path, 0, "no key of this recording signed it")
        number = own.position[0]  # its key is a given one, or one that a given one leads to without a gap
        while trusted and self.keys.get(number, b"") not in trusted:
            number -= 1
            require(number in self.keys, own.path, 0, "no public key that was given signed the recording")
        return self.block - own.position[2]

    def removals(self, last):
        """What the recorder signed of segments that are gone: kind, first and last number."""
        path = self.folder / "removals"
        text, _, signatures = path.read_text(encoding="utf-8").partition("\n\n") if path.exists() else ("", "", "")
        kinds = [note[4:] for note in (b64decode(line.split(" ")[2]) for line in signatures.splitlines())]
        is_ours = any(is_signed(self.keys[last], signature, (text + "\n").encode()) for signature in kinds)
        require(not text or is_ours, path, 0, "the checkpoint's key did not sign it")
        require(not text or text.startswith(f"sluice-removals 2\nreplica {self.folder.name}"), path, 0, "no list of it")
        return [(kind, *map(int, ends.split("-"))) for kind, ends, *_ in map(str.split, text.split("\n")[2:])]

    def read_segment(self, path, number):
        data = path.read_bytes()[: self.end if number == self.last else None]
        start, self.name = SEGMENT.size + 32, f"{self.folder.name}/{number}".encode()
        require(len(data) >= start, path, len(data), "the file ends inside its header")
        *kind, segment, _, first, records, carried, replica, seal, commitment, signer = SEGMENT.unpack_from(data)
        require(kind == [b"SLUICSEG", 2, start], path, 0, "no segment of version 2")
        chain = sha256(data[: SEGMENT.size]).digest()
        require(chain == data[SEGMENT.size : start], path, 0, "the segment header was changed")
        if number - 1 in self.missing:
            self.block, self.records, self.seal, self.next_signer = first - 1, records, seal, signer
        former = (number, self.block + 1, self.records, self.chain, self.seal)
        goes_on = (segment, first, records, carried, seal) == former
        require(goes_on, path, 16, "it does not go on where the segment before it ends")
        require(replica == self.replica, path, 80, "another replica's segment")
        require(self.next_signer in (None, signer), path, 176, "not the key that the seal before it names")
        self.keys[number], self.signer, self.next_signer, self.chain = signer, signer, None, chain
        begin = (self.block, self.records, chain)
        self.positions.add((number, start, *begin))
        is_encrypted, place = any(commitment), start
        data_key = self.data_key(number, commitment) if is_encrypted else None
        while place < len(data):
            require(not self.next_signer, path, place, "bytes after the seal")
            former, end, payload, manifest, count = self.read_block(path, data, place, is_encrypted, data_key)
            if data.startswith(b"SLSEAL02", place):
                self.check_seal(path, place, number, payload, count, former, begin)
            else:
                self.follow(path, place, manifest, count)
                yield from self.split(path, place, payload, manifest, count) if payload is not None else ()
            self.positions.add((number, end, self.block, self.records, self.chain))
            place = end
        require(self.next_signer or number == self.last, path, len(data), "the segment has no seal")

    def data_key(self, number, commitment):
        """The segment's data key, when one of the decryption keys opens it."""
        path = self.folder / f"{number:08}.slkeys"
        if not path.exists():
            self.erased.append(number)
            return None
        title = f"sluice-data-key 2\nreplica {self.folder.name}\nsegment {number}\n"
        text = path.read_text()
        require(text.startswith(title), path, 0, "not the data key of this segment")
        for scheme, fingerprint, wrapped in map(str.split, text[len(title) :].splitlines()):
            if key := self.decryption.get(fingerprint):
                try:
                    if scheme == "x25519":
                        found = hpke_open(key, b64decode(wrapped), b"sluice recording 2", self.name)
                    else:
                        found = key.decrypt(b64decode(wrapped), OAEP)
                except (ValueError, InvalidTag):
                    found = b""
                is_its = sha256(b"sluice data key 2\n" + self.name + b"\n" + found).digest() == commitment
                require(is_its, path, 0, "another data key than the segment's")
                return found
        return None

    def read_block(self, path, data, place, is_encrypted, data_key):
        start = place + BLOCK.size + 64
        require(len(data) >= start, path, place, "the file ends inside this block")
        magic, number, size, length, count, prefix = BLOCK.unpack_from(data, place)
        body, end = start + prefix, start + prefix + length
        is_block = magic in (b"SLBLOCK2", b"SLSEAL02") and size <= 64 << 20 and prefix <= 80 << 20
        require(is_block and number == self.block + 1, path, place, f"not the block {self.block + 1}")
        require(end <= len(data), path, place, "the file ends inside this block")
        former, header, frame = self.chain, data[place : place + BLOCK.size], data[body:end]
        chain, code = data[place + BLOCK.size : start - 32], data[start - 32 : start]
        content = sha256(former + header + data[start:end]).digest()
        self.block, self.chain, self.seal = number, sha256(content + code).digest(), 0
        require(self.chain == chain, path, place, "the block was changed")
        is_ours = not self.key or self.signer != self.own or code == hmac.digest(self.key, content, "sha256")
        require(is_ours, path, place, "the block was not made with this key")
        payload = None
        try:
            manifest = bus_pb2.BlockManifest.FromString(data[start:body])
            if is_encrypted and magic == b"SLBLOCK2":
                frame = AESGCM(data_key).decrypt(frame[:12], frame[12:], header) if data_key else None
            if frame is not None:
                payload = lz4.frame.decompress(frame)
                is_whole = len(payload) == size and frame[4] & 0x0C == 0x0C
                require(is_whole, path, place, "a frame without content size and checksum, or of another size")
        except (ValueError, IndexError, RuntimeError, InvalidTag, DecodeError) as error:
            require(False, path, place, f"the frame or manifest was changed: {error}")
        return former, end, payload, manifest, count

    def check_seal(self, path, place, number, payload, count, former, begin):
        is_its = is_signed(self.keys[number], payload[-64:], b"sluice seal 2\n" + self.name + b"\n" + payload[:-64])
        require(is_its, path, place, "the segment's key did not sign this seal")
        *held, _, sealed, root, signer, opened, ended = SEAL.unpack_from(payload)
        here = [self.block - 1 - begin[0], self.records - begin[1], begin[2], former]
        is_here = held == here and (count, sealed, root) == (0, number - 1, merkle_root(self.leaves))
        require(is_here, path, place, "the seal is of another recording")
        offset = SEAL.size
        for index in range(opened + ended):
            sequence, length = struct.unpack_from("<QH", payload, offset)
            session = payload[offset + 10 : offset + 10 + length].decode()
            offset += 10 + length
            known = self.sequences.setdefault(session, sequence if self.missing else 0)
            is_so = known == sequence and (index < opened or self.missing or session in self.ended)
            require(is_so, path, place, f"the seal says something else of session {session}")
        require(offset == len(payload) - 64, path, place, "bytes after the seal's sessions")
        self.leaves.append(self.chain)
        self.seal, self.next_signer = place, signer

    def follow(self, path, place, manifest, count):
        """By the manifests alone: each session's sequence has no gaps but where it says that it was elsewhere."""
        for run in manifest.runs:
            former = self.sequences.get(run.session, run.first - 1 if self.missing else 0)
            former = run.resumed.after if run.HasField("resumed") else former
            follows = run.first == former + 1 and run.session not in self.ended
            require(follows, path, place, f"session {run.session}: record {run.first} after {former}")
            self.sequences[run.session] = run.first + run.count - 1
            self.ended |= {run.session} if run.ended else set()
        held = sum(run.count + run.HasField("resumed") for run in manifest.runs) + len(manifest.notices)
        require(held == count, path, place + 24, f"{count} records, and a manifest of {held}")
        self.records += count

    def split(self, path, place, payload, manifest, count):
        """The records of one block, which its manifest must describe."""
        offset, found, runs = 0, bus_pb2.BlockManifest(time_us=manifest.time_us), {}
        for _ in range(count):
            (length,) = struct.unpack_from("<I", payload, offset)
            record = bus_pb2.Record.FromString(payload[offset + 4 : offset + 4 + length])
            offset += 4 + length
            if not record.session:
                found.notices.append(record.notice.text)
            elif record.HasField("session_resumed"):
                resumed = {"session": record.session, "resumed": record.session_resumed}
                runs[record.session] = found.runs.add(first=record.sequence + 1, **resumed)
            else:
                run = runs.get(record.session) or found.runs.add(session=record.session, first=record.sequence)
                runs[record.session] = run
                require(record.sequence == run.first + run.count, path, place, f"session {record.session}: a gap")
                run.count += 1
                run.ended = record.HasField("session_ended")
            yield record
        require(offset == len(payload) and found == manifest, path, place, "the manifest says something else")


def main():
    parser = argparse.ArgumentParser(description="Read and prove a replica's recording.")
    parser.add_argument("folder", help="<recordings>/<replica>")
    parser.add_argument("--public-key", action="append", default=[], help="PEM: proves who signed")
    parser.add_argument("--key", help="the recorder's key file: proves the head too")
    parser.add_argument("--decryption-key", action="append", default=[], help="a recipient's private key, PEM")
    parser.add_argument("--checkpoint", action="append", default=[], help="one that was kept elsewhere")
    options = parser.parse_args()
    try:
        secret = Path(options.key).read_bytes() if options.key else b""
        own = [ed25519.Ed25519PrivateKey.from_private_bytes(secret).public_key()] if secret else []
        own += [serialization.load_pem_public_key(Path(path).read_bytes()) for path in options.public_key]
        private = [serialization.load_pem_private_key(Path(path).read_bytes(), None) for path in options.decryption_key]
        decryption = {sha256(key.public_key().public_bytes(*DER)).hexdigest(): key for key in private}
        recording, printed = Recording(options.folder, secret, decryption), 0
        for printed, record in enumerate(recording.read(), 1):
            print(json.dumps(MessageToDict(record), ensure_ascii=False, separators=(",", ":")))
        unsigned = recording.prove({key.public_bytes_raw() for key in own}, options.checkpoint)
    except (OSError, ValueError) as error:
        sys.exit(f"read.py: {error}")
    whole = f"whole: {recording.last} segments, {recording.block} blocks, {recording.records} records"
    rest = f"{recording.records - printed} encrypted for others, {unsigned} blocks after the checkpoint"
    print(whole, f"({rest})", "" if own else "without a public key: who made it is unknown", file=sys.stderr)


if __name__ == "__main__":
    main()
