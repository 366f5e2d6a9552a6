#!/usr/bin/env python3
"""Is my gift in the published sums? Python 3.9 or newer, nothing else; docs/transparency.md says how it works.

python3 verify_gift.py https://give.example.org/api/v1/proofs/<secret>     or the file that was saved from there
"""

import hashlib
import json
from base64 import urlsafe_b64decode
from sys import argv
from urllib.request import urlopen

FIGURES = str.split("gifts received refunded fees fees_back spent spent_back moved_in moved_out people people_back")


def sha(word: str, *parts: bytes) -> bytes:
    return hashlib.sha256(f"beacon ledger {word} v1\0".encode() + b"".join(parts)).digest()


def octets(sums: dict) -> bytes:
    return b"".join(sums[name].to_bytes(8, "big") for name in FIGURES)  # a negative number ends it here


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
    sums, told = proof["sums"], proof["head"]
    commitment = sha("commitment", bytes.fromhex(proof["secret"]), proof["name"].encode())
    node = sha("leaf", octets(sums), commitment)
    for beside in proof["path"]:
        pair = [node + octets(sums), bytes.fromhex(beside["hash"]) + octets(beside["sums"])]
        node = sha("node", *(reversed(pair) if beside["side"] == "left" else pair))
        sums = {figure: sums[figure] + beside["sums"][figure] for figure in FIGURES}
    payload = told["head"]["payload"].encode()
    head, digest = json.loads(payload), sha("head", payload)
    if (node.hex(), sums, digest.hex()) != (head["root"], head["sums"], told["digest"]):
        raise SystemExit("FALSE: this gift does not lead to the published sums")
    gift = ", ".join(f"{figure} {number}" for figure, number in proof["sums"].items() if number)
    print(f"TRUE: {proof['name']} ({gift}) is in step {head['step']} of {head['project']}, {head['community']}")
    print(f"  {head['environment']}; digest {digest.hex()}: every board and everybody else must show the same")
    signed(proof["publisher"], told["head"]["signature"], b"beacon ledger head v1\0" + payload, "the publisher")
    for one in told["cosignatures"]:
        signed(one["public"], one["signature"], b"beacon ledger cosignature v1\0" + digest, f"gateway {one['gateway']}")


if __name__ == "__main__":
    with urlopen(argv[1]) if "://" in argv[1] else open(argv[1], "rb") as file:  # noqa: S310  (what its user names)
        verify(json.load(file))
