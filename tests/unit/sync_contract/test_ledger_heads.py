"""What both sides and every verifier agree on to the octet, held to published vectors."""

import ast
import importlib.util
import io
import json
import sys
import tokenize
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from types import ModuleType
from typing import Any

import pytest
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given
from hypothesis import strategies as st

from central_server.ledger import merkle_proofs
from central_server.store.ledger.ledger_lines import LineKind
from sync_contract.keys import key_id, public_text
from sync_contract.ledger_heads import (
    NO_HEAD,
    Contradiction,
    Head,
    HeadRefused,
    Proof,
    PublicCosignature,
    PublicHead,
    SignedHead,
    check_next,
    cosign,
    cosigned_by,
    read_head,
    sign_head,
)
from sync_contract.merkle_sum_tree import Sums
from sync_contract.strict_model import Environment
from tests.paths import ROOT
from tests.unit.central_server.ledger_history import gift, line, of_gift

VECTORS = ROOT / "tests" / "vectors" / "transparency.json"
PUBLISHER = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
GATEWAY = Ed25519PrivateKey.from_private_bytes(bytes(range(32, 64)))
AT = datetime(2026, 11, 27, 4, 0, tzinfo=UTC)


def made() -> dict[str, Any]:
    """The vectors, made anew: a chain of two steps, and the proof of one gift in the first."""
    gifts = [gift(n, n, 1000 * n) for n in range(1, 8)]
    later = [
        *(of_gift(20 + n, each, LineKind.fee, 6 * n) for n, each in enumerate(gifts[:5], 1)),
        line(30, LineKind.disbursed, 5000, people=12),
    ]
    heads: list[SignedHead] = []
    total = Sums()
    for step, lines in enumerate((gifts, later), 1):
        leaves = merkle_proofs.ordered_leaves(lines)
        sums = merkle_proofs.total_sums(lines)
        total += sums
        head = Head(
            community="huada",
            environment=Environment.drill,
            project="lunch",
            step=step,
            root=merkle_proofs.tree_root(leaves).hash,
            sums=sums,
            total=total,
            at=AT + timedelta(days=step),
            previous=heads[-1].digest if heads else NO_HEAD,
        )
        heads.append(sign_head(head, PUBLISHER))
    leaves = merkle_proofs.ordered_leaves(gifts)
    own = merkle_proofs.line_leaf(gifts[2])
    cosignature = PublicCosignature(
        gateway="a" * 16,
        key=key_id(GATEWAY.public_key()),
        public=public_text(GATEWAY.public_key()),
        signature=cosign(heads[0].digest, GATEWAY),
    )
    proof = Proof(
        secret=gifts[2].secret,
        name=gifts[2].slip or "",
        sums=own.sums,
        path=merkle_proofs.proof_path(leaves, leaves.index(own)),
        publisher=public_text(PUBLISHER.public_key()),
        head=PublicHead(head=heads[0], digest=heads[0].digest, cosignatures=(cosignature,)),
    )
    return {
        "about": "Keys: Ed25519 seeds 00..1f (publisher) and 20..3f (gateway). Leaves: (secret, name, sums).",
        "leaves": [
            {
                "secret": each.secret,
                "name": merkle_proofs.leaf_name(each),
                "sums": merkle_proofs.line_sums(each).model_dump(),
                "leaf": merkle_proofs.line_leaf(each).hash,
            }
            for each in gifts
        ],
        "chain": [{"digest": each.digest, **each.model_dump(mode="json")} for each in heads],
        "proof": proof.model_dump(mode="json"),
    }


@pytest.fixture(scope="module")
def vectors() -> dict[str, Any]:
    found: dict[str, Any] = json.loads(VECTORS.read_text("utf-8"))
    return found


@pytest.fixture
def verifier() -> ModuleType:
    spec = importlib.util.spec_from_file_location("verify_gift", ROOT / "docs" / "verify_gift.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_the_published_vectors_are_what_this_program_makes(vectors: dict[str, Any]) -> None:
    assert made() == vectors


def test_the_verifier_that_everybody_can_read_says_the_same(
    vectors: dict[str, Any], verifier: ModuleType, capsys: pytest.CaptureFixture[str]
) -> None:
    verifier.verify(vectors["proof"])
    printed = capsys.readouterr().out
    assert "S00000003" in printed
    assert "(gifts 1, received 3000) is in step 1 of lunch" in printed
    assert printed.count("signed by") == 2


@pytest.mark.parametrize(
    "spoil",
    [
        lambda proof: proof["sums"].update(received=3001),
        lambda proof: proof.update(name="S00000004"),
        lambda proof: proof.update(secret="f" * 32),
        lambda proof: proof["path"][0]["sums"].update(received=1),
        lambda proof: proof["path"].pop(),
        lambda proof: proof["path"][0].update(side={"left": "right", "right": "left"}[proof["path"][0]["side"]]),
        lambda proof: proof["head"].update(digest="0" * 64),
    ],
)
def test_a_proof_that_was_changed_proves_nothing(
    vectors: dict[str, Any], verifier: ModuleType, spoil: Callable[[Any], None]
) -> None:
    proof = json.loads(json.dumps(vectors["proof"]))
    spoil(proof)
    with pytest.raises(SystemExit, match="FALSE"):
        verifier.verify(proof)
    if proof["head"]["digest"] != "0" * 64:
        assert not Proof.model_validate_json(json.dumps(proof)).holds()


def test_a_negative_neighbour_hides_nothing(vectors: dict[str, Any], verifier: ModuleType) -> None:
    proof = json.loads(json.dumps(vectors["proof"]))
    proof["path"][0]["sums"]["received"] = -1
    with pytest.raises(OverflowError):
        verifier.verify(proof)


@pytest.mark.parametrize("which", ["publisher", "gateway"])
def test_the_verifier_checks_signatures(vectors: dict[str, Any], verifier: ModuleType, which: str) -> None:
    proof = json.loads(json.dumps(vectors["proof"]))
    other = cosign("0" * 64, GATEWAY)
    if which == "publisher":
        proof["head"]["head"]["signature"] = other
    else:
        proof["head"]["cosignatures"][0]["signature"] = other
    with pytest.raises(InvalidSignature):
        verifier.verify(proof)


def test_the_verifier_runs_without_the_library_and_says_so(
    vectors: dict[str, Any], verifier: ModuleType, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "cryptography.hazmat.primitives.asymmetric.ed25519", None)
    verifier.verify(vectors["proof"])
    assert capsys.readouterr().out.count("not checked") == 2


def test_the_verifier_is_short_enough_to_be_read() -> None:
    """A hundred lines of code with the standard library, each with one thing on it."""
    text = (ROOT / "docs" / "verify_gift.py").read_text("utf-8")
    body = ast.parse(text).body
    docstring = range(body[0].lineno, (body[0].end_lineno or 0) + 1)
    silent = {tokenize.COMMENT, tokenize.NL, tokenize.NEWLINE, tokenize.INDENT, tokenize.DEDENT, tokenize.ENDMARKER}
    tokens = [each for each in tokenize.generate_tokens(io.StringIO(text).readline) if each.type not in silent]
    code = {line for each in tokens for line in range(each.start[0], each.end[0] + 1)} - set(docstring)
    assert len(code) <= 105
    assert not any(each.string == ";" for each in tokens)
    assert max(map(len, text.splitlines())) <= 120
    needed = [node for node in body if isinstance(node, ast.Import | ast.ImportFrom)]
    modules = {getattr(node, "module", None) or node.names[0].name for node in needed}
    assert {module.partition(".")[0] for module in modules} <= sys.stdlib_module_names


def chain() -> tuple[tuple[Head, str], tuple[Head, str]]:
    first, second = (
        SignedHead.model_validate({k: v for k, v in each.items() if k != "digest"}) for each in made()["chain"]
    )
    key = PUBLISHER.public_key()
    return (read_head(first, key), first.digest), (read_head(second, key), second.digest)


def test_a_chain_in_order_is_accepted() -> None:
    (first, digest), (second, _) = chain()
    check_next(None, NO_HEAD, first)
    check_next(first, digest, second)


@pytest.mark.parametrize(
    ("change", "contradiction"),
    [
        ({"step": 3}, Contradiction.broken_chain),
        ({"previous": "0" * 64}, Contradiction.broken_chain),
        ({"project": "books"}, Contradiction.misplaced),
        ({"community": "neighbours"}, Contradiction.misplaced),
        ({"environment": Environment.real}, Contradiction.misplaced),
        ({"total": Sums(gifts=7)}, Contradiction.sums_differ),
        ({"at": AT}, Contradiction.sums_differ),
    ],
)
def test_a_head_out_of_order_is_refused(change: dict[str, Any], contradiction: Contradiction) -> None:
    (first, digest), (second, _) = chain()
    with pytest.raises(HeadRefused) as refused:
        check_next(first, digest, second.model_copy(update=change))
    assert refused.value.contradiction is contradiction


@given(st.integers(0, 9), st.integers(0, 100))
def test_a_step_of_few_gifts_is_refused(gifts: int, received: int) -> None:
    (first, digest), (second, _) = chain()
    sums = Sums(gifts=gifts, received=received)
    step = second.model_copy(update={"sums": sums, "total": first.total + sums})
    if gifts >= 5 or (gifts == 0 and received == 0):
        check_next(first, digest, step)
        return
    with pytest.raises(HeadRefused, match="too_few_gifts"):
        check_next(first, digest, step)


def test_another_key_and_another_word_are_forged() -> None:
    signed = SignedHead.model_validate({k: v for k, v in made()["chain"][0].items() if k != "digest"})
    with pytest.raises(HeadRefused, match="forged"):
        read_head(signed, GATEWAY.public_key())
    with pytest.raises(HeadRefused, match="forged"):
        read_head(
            signed.model_copy(update={"payload": signed.payload.replace("28000", "28001")}), PUBLISHER.public_key()
        )


def test_a_cosignature_is_for_one_digest() -> None:
    signature = cosign("1" * 64, GATEWAY)
    assert cosigned_by("1" * 64, signature, GATEWAY.public_key())
    assert not cosigned_by("2" * 64, signature, GATEWAY.public_key())
    assert not cosigned_by("1" * 64, signature, PUBLISHER.public_key())
    assert not cosigned_by("1" * 64, "A" * 86, GATEWAY.public_key())
