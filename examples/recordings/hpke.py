"""RFC 9180 in base mode, the opening side: DHKEM(X25519, HKDF-SHA256), HKDF-SHA256, AES-256-GCM. That of the package
`cryptography` takes no associated data.
"""

import hmac
import struct

from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PublicKey
from cryptography.hazmat.primitives.ciphers.aead import AESGCM


def hpke_open(key, wrapped, info, aad):
    """The plaintext of an encapsulated key and a ciphertext; InvalidTag when they were not made for this private key."""

    def extract(suite, salt, label, material=b""):
        return hmac.digest(salt, b"HPKE-v1" + suite + label + material, "sha256")

    def expand(suite, secret, label, context, length):
        labelled = struct.pack(">H", length) + b"HPKE-v1" + suite + label + context
        return hmac.digest(secret, labelled + b"\1", "sha256")[:length]

    kem, suite = b"KEM\0\x20", b"HPKE\0\x20\0\x01\0\x02"
    agreed = key.exchange(X25519PublicKey.from_public_bytes(wrapped[:32]))
    context = wrapped[:32] + key.public_key().public_bytes_raw()
    shared = expand(kem, extract(kem, b"", b"eae_prk", agreed), b"shared_secret", context, 32)
    schedule = b"\0" + extract(suite, b"", b"psk_id_hash") + extract(suite, b"", b"info_hash", info)
    secret = extract(suite, shared, b"secret")
    cipher = AESGCM(expand(suite, secret, b"key", schedule, 32))
    return cipher.decrypt(expand(suite, secret, b"base_nonce", schedule, 12), wrapped[32:], aad)
