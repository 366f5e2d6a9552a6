"""Verify the catalogue: signed by the pinned key, unaltered, and newer."""

import json
from base64 import urlsafe_b64encode
from datetime import UTC, datetime

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from pydantic import ValidationError

from sync_contract.catalogue import Catalogue, CatalogueRefused, SignedCatalogue, sign, verify
from sync_contract.project import Caption, Example, Project, Texts

KEY = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))


def texts(text: str) -> Texts:
    return Texts.model_validate({"zh-Hans": text, "zh-Hant": text, "en": text})


PROJECT = Project(
    id="elder-lunch",
    title=texts("午餐"),
    summary=texts("午餐"),
    story=texts("午餐"),
    payee=texts("演练基金会"),
    amounts_fen=(1000, 3000),
)


def catalogue(version: int) -> Catalogue:
    return Catalogue(version=version, issued_at=datetime(2026, 1, 1, tzinfo=UTC), projects=(PROJECT,))


def test_a_newer_catalogue_of_the_pinned_key_is_accepted() -> None:
    wire = SignedCatalogue.model_validate_json(sign(catalogue(2), KEY).model_dump_json())
    assert verify(wire, KEY.public_key(), known_version=1) == catalogue(2)


@pytest.mark.parametrize("version", [1, 2])
def test_a_replayed_catalogue_is_refused(version: int) -> None:
    with pytest.raises(CatalogueRefused, match="not newer"):
        verify(sign(catalogue(version), KEY), KEY.public_key(), known_version=2)


def test_another_keys_catalogue_is_refused() -> None:
    with pytest.raises(CatalogueRefused, match="pinned"):
        verify(sign(catalogue(2), Ed25519PrivateKey.generate()), KEY.public_key(), known_version=0)


def test_an_altered_catalogue_is_refused() -> None:
    signed = sign(catalogue(2), KEY)
    other = urlsafe_b64encode(b"{}").rstrip(b"=").decode()
    for altered in ({"payload": other}, {"signature": other}, {"payload": "***"}):
        with pytest.raises(CatalogueRefused):
            verify(signed.model_copy(update=altered), KEY.public_key(), known_version=0)


THREE_LUNCHES = Caption.model_validate({"zh-Hans": "约三份午餐", "zh-Hant": "約三份午餐", "en": "three lunches"})
TELLING = PROJECT.model_copy(update={"pays_for": (Example(fen=3000, text=THREE_LUNCHES),)})


def test_what_an_amount_pays_for_is_published() -> None:
    wire = sign(catalogue(2).model_copy(update={"projects": (TELLING,)}), KEY)
    (project,) = verify(wire, KEY.public_key(), known_version=1).projects
    assert (project.example(3000), project.example(1000)) == (THREE_LUNCHES, None)


@pytest.mark.parametrize(
    ("examples", "reason"),
    [
        ([(2000, "a")], "none of amounts_fen"),
        ([(3000, "a"), (3000, "b")], "comes twice"),
        ([(-3000, "a")], "greater than or equal to 1"),
        ([(3000, "a" * 21)], "at most 20 characters"),
        ([(3000, "")], "at least 1 character"),
        ([(3000, "two\nlines")], "match pattern"),
        ([(3000, "a")] * 5, "at most 4 items"),
    ],
)
def test_an_example_that_fits_no_button_is_refused(examples: list[tuple[int, str]], reason: str) -> None:
    examples_json = [{"fen": fen, "text": {"zh-Hans": "午餐", "zh-Hant": "午餐", "en": text}} for fen, text in examples]
    project = json.loads(PROJECT.model_dump_json(by_alias=True)) | {"pays_for": examples_json}
    with pytest.raises(ValidationError, match=reason):
        Project.model_validate_json(json.dumps(project))


def test_quick_amounts_outside_the_projects_bounds_are_refused() -> None:
    with pytest.raises(ValidationError, match="outside min_fen to max_fen"):
        Project.model_validate({**PROJECT.model_dump(by_alias=True), "max_fen": 2000})
