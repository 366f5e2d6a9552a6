#!/usr/bin/env python3
"""Check that a gift is in the published sums. Needs only Python 3.9; docs/transparency.md explains it.

python3 verify_gift.py https://give.example.org/api/v1/proofs/<secret>     or a file saved from there
"""

import hashlib
import json
from base64 import urlsafe_b64decode
from sys import argv
from urllib.request import urlopen

_NAMES = "gifts received refunded fees fees_back spent spent_back moved_in moved_out people people_back"
FIGURES = [*_NAMES.split(), "shortfall", "shortfall_back"]


def sha(word: str, *parts: bytes) -> bytes:
    return hashlib.sha256(f"beacon ledger {word} v1\0".encode() + b"".join(parts)).digest()


def encode_sums(sums: dict) -> bytes:
    return b"".join(sums[name].to_bytes(8, "big") for name in FIGURES)  # raises OverflowError for a negative number


def signed(public: str, signature: str, message: bytes, who: str) -> None:
    try:
        from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
    except ImportError:
        print(f"  not checked: the signature of {who} (that needs the Python package cryptography)")
        return
    key, name = (urlsafe_b64decode(text + "=" * (-len(text) % 4)) for text in (public, signature))
    Ed25519PublicKey.from_public_bytes(key).verify(name, message)  # raises InvalidSignature
    print(f"  signed by {who}, key {public}")


def verify(proof: dict) -> None:
    sums, published = proof["sums"], proof["head"]
    node = sha("leaf", encode_sums(sums), sha("commitment", bytes.fromhex(proof["secret"]), proof["name"].encode()))
    for sibling in proof["path"]:
        pair = [node + encode_sums(sums), bytes.fromhex(sibling["hash"]) + encode_sums(sibling["sums"])]
        node = sha("node", *(reversed(pair) if sibling["side"] == "left" else pair))
        sums = {figure: sums[figure] + sibling["sums"][figure] for figure in FIGURES}
    payload = published["head"]["payload"].encode()
    head, digest = json.loads(payload), sha("head", payload)
    if (node.hex(), sums, digest.hex()) != (head["root"], head["sums"], published["digest"]):
        raise SystemExit("FALSE: this gift does not lead to the published sums")
    gift = ", ".join(f"{figure} {number}" for figure, number in proof["sums"].items() if number)
    print(f"TRUE: {proof['name']} ({gift}) is in step {head['step']} of {head['project']}, {head['community']}")
    print(f"  {head['environment']}; digest {digest.hex()}: every board must show the same")
    signed(proof["publisher"], published["head"]["signature"], b"beacon ledger head v1\0" + payload, "the publisher")
    for one in published["cosignatures"]:
        signed(one["public"], one["signature"], b"beacon ledger cosignature v1\0" + digest, f"gateway {one['gateway']}")


if __name__ == "__main__":
    with urlopen(argv[1]) if "://" in argv[1] else open(argv[1], "rb") as file:  # noqa: S310  (the user's own address)
        verify(json.load(file))
