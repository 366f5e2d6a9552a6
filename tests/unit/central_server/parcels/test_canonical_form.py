"""A record's form is made from what the record says, or it is told that there is none."""

import json
from typing import Annotated, Any

import msgspec
import pytest
from pydantic import BaseModel, Field, ValidationError

from central_server.intake.canonical_form import CanonicalForm, NoForm
from sync_contract.records import Door
from sync_contract.strict_model import Record


class Free(Record):
    text: str


class Open(BaseModel):
    count: Annotated[int, Field(ge=0, le=9)]


class Steps(Record):
    number: Annotated[int, Field(multiple_of=2)]


class Words(Record):
    words: tuple[Door, ...]


class Escaped(Record):
    text: Annotated[str, Field(pattern=r"^\\d$")]


class Otherwise(Record):
    either: int | bool


@pytest.mark.parametrize("record", [Free, Open, Steps, Words, Escaped, Otherwise])
def test_a_record_without_a_form_is_told_at_once(record: type[BaseModel]) -> None:
    with pytest.raises(NoForm):
        CanonicalForm(record)


def test_texts_are_matched_wherever_they_stand() -> None:
    class Inner(Record):
        word: Annotated[str, Field(pattern="^[a-z]{2}$")]
        perhaps: Annotated[str, Field(pattern="^[0-9]{2}$")] | None

    class Outer(Record):
        one: Inner
        many: tuple[Inner, ...]
        none: Inner | None

    form = CanonicalForm(Outer)
    good = {"word": "ab", "perhaps": None}
    whole: dict[str, Any] = {"one": good, "many": [good, good], "none": None}
    for name, some in (("one", None), ("many", [good]), ("none", None)):
        for bad in ({"word": "ab\n"}, {"word": "ab", "perhaps": "1"}, {"word": "ab", "perhaps": ""}, {"word": "abc"}):
            spoilt = good | bad
            told = whole | {name: spoilt if some is None else [*some, spoilt]}
            with pytest.raises(ValidationError):
                Outer.model_validate_json(json.dumps(told))
            assert not form.fits([msgspec.convert(told, form.type)]), told
    assert form.fits([msgspec.convert(whole, form.type), msgspec.convert(whole | {"none": good}, form.type)])
