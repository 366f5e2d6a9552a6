#!/usr/bin/env python3
"""Check that a gift is in the published sums, and in which order its money was spent.

Needs only Python 3.9; docs/transparency.md explains it.

python3 verify_gift.py https://give.example.org/api/v1/proofs/<secret>
python3 verify_gift.py proof.json [chain.json]     files saved from there and from /api/v1/transparency/…
"""

import hashlib
import json
from base64 import urlsafe_b64decode
from sys import argv
from urllib.parse import quote
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


def add(one: dict, other: dict, sign: int = 1) -> dict:
    return {figure: one[figure] + sign * other[figure] for figure in FIGURES}


def false(reason: str) -> None:
    raise SystemExit(f"FALSE: {reason}")


def verify(proof: dict) -> None:
    """Follow the gift's path to the published sums."""
    sums, published = proof["sums"], proof["head"]
    node = sha("leaf", encode_sums(sums), sha("commitment", bytes.fromhex(proof["secret"]), proof["name"].encode()))
    for sibling in proof["path"]:
        pair = [node + encode_sums(sums), bytes.fromhex(sibling["hash"]) + encode_sums(sibling["sums"])]
        node = sha("node", *(reversed(pair) if sibling["side"] == "left" else pair))
        sums = add(sums, sibling["sums"])
    payload = published["head"]["payload"].encode()
    head, digest = json.loads(payload), sha("head", payload)
    if (node.hex(), sums, digest.hex()) != (head["root"], head["sums"], published["digest"]):
        false("this gift does not lead to the published sums")
    gift = ", ".join(f"{figure} {number}" for figure, number in proof["sums"].items() if number)
    print(f"TRUE: {proof['name']} ({gift}) is in step {head['step']} of {head['project']}, {head['community']}")
    print(f"  {head['environment']}; digest {digest.hex()}: every board must show the same")
    signed(proof["publisher"], published["head"]["signature"], b"beacon ledger head v1\0" + payload, "the publisher")
    for one in published["cosignatures"]:
        signed(one["public"], one["signature"], b"beacon ledger cosignature v1\0" + digest, f"gateway {one['gateway']}")


def follow(chain: list, proof: dict) -> dict:
    """Return the heads by step from the gift's on; each names the one before it and adds up."""
    head, digest = json.loads(proof["head"]["head"]["payload"]), proof["head"]["digest"]
    heads = {head["step"]: head}
    for each in chain:
        payload = each["head"]["payload"].encode()
        after = json.loads(payload)
        if after["step"] <= head["step"]:
            continue
        if (after["previous"], after["total"]) != (digest, add(head["total"], after["sums"])):
            false(f"step {after['step']} does not follow the one before it")
        heads[after["step"]], head, digest = after, after, sha("head", payload).hex()
    print(f"  the chain goes on to step {head['step']}; digest {digest}")
    return heads


def verify_money(proof: dict, heads: dict) -> None:
    """Check that what was published first was spent first. Refunds and fees of others are known only as sums:
    so the place of the gift in the line is known except for these sums.
    """

    def total(sums: dict, figures: str) -> int:
        return sum(sums[figure] for figure in figures.split())

    came, money = "received moved_in shortfall", proof["money"]
    first = json.loads(proof["head"]["head"]["payload"])
    ahead = total(add(first["total"], first["sums"], -1), came)  # fen before it in the line
    ahead += sum(total(each["sums"], came) for each in proof["path"] if each["side"] == "left")
    rest = total(proof["sums"], came) - money["refunded"] - money["fees"] - sum(use["fen"] for use in money["uses"])
    if rest != money["left"] or rest < 0:
        false("the parts of the gift do not add up to its amount")
    used, restored, last = 0, False, heads[max(heads)]
    for use in [*money["uses"], {"fen": rest, "kind": "left", "step": None}]:
        step, fen = heads[use["step"]] if use["step"] else None, use["fen"]
        if (
            step
            and fen > 0
            and ahead + used + fen > total(step["total"], "spent moved_out shortfall_back refunded fees")
        ):
            false(f"step {use['step']} is too early: the money before this gift was not spent yet")
        before = add(step["total"], step["sums"], -1) if step else last["total"]
        spent = total(before, "spent moved_out shortfall_back") - before["spent_back"]
        if not restored and fen > before["fees_back"] and spent > ahead + used + total(before, "spent_back fees_back"):
            false("money behind this gift was spent before it")
        used, restored = used + (fen if step else 0), restored or fen < 0
        when = f"in step {use['step']}, published {step['at']}" if step else ""
        if fen:
            print(f"  {fen / 100:.2f} {use['kind']} {when}".rstrip())
    print(f"TRUE: the money is used in the order of publication ({ahead / 100:.2f} came before it)")


def fetch(address: str) -> dict:
    with urlopen(address) if "://" in address else open(address, "rb") as file:  # noqa: S310  (the user's own address)
        return json.load(file)


def fetch_chain(address: str, proof: dict) -> list:
    head, found = json.loads(proof["head"]["head"]["payload"]), []
    chain = f"{address.split('/api/')[0]}/api/v1/transparency/{quote(head['community'], safe='')}/{head['project']}"
    after = head["step"] - 1
    while after is not None:
        answer = fetch(f"{chain}?after={after}")
        found, after = found + answer["heads"], answer["next"]
    return found


if __name__ == "__main__":
    own = fetch(argv[1])
    verify(own)
    if own.get("money") and ("://" in argv[1] or len(argv) > 2):
        verify_money(own, follow(fetch(argv[2])["heads"] if len(argv) > 2 else fetch_chain(argv[1], own), own))
