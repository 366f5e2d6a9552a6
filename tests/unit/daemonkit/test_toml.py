"""All faults of a file are reported at once, each on its line, without secrets."""

import time
from datetime import date
from pathlib import Path
from typing import Annotated, Self

import pytest
from pydantic import BaseModel, ConfigDict, Field, SecretStr, field_validator, model_validator

from daemonkit.toml import ConfigRefused, Misfit, load, raise_misfits, validate


class Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)


class Lamp(Strict):
    name: str
    watts: Annotated[int, Field(ge=0, le=100)] = 5
    low: int = 0
    high: int = 9
    since: date | None = None

    @model_validator(mode="after")
    def _nested(self) -> Self:
        if self.low > self.high:
            raise ValueError("low is more than high")
        return self


class House(Strict):
    port: Annotated[int, Field(ge=0, le=65535)] = 80
    ratio: float = 1.0
    door_password: str = ""
    safe: SecretStr = SecretStr("")
    public_key: str = ""
    url: str = ""
    lamps: tuple[Lamp, ...] = ()

    @field_validator("lamps")
    @classmethod
    def _differ(cls, lamps: tuple[Lamp, ...]) -> tuple[Lamp, ...]:
        names = [lamp.name for lamp in lamps]
        raise_misfits(
            Misfit((number, "name"), f"is the same as lamps[{names.index(name)}]", name)
            for number, name in enumerate(names)
            if names.index(name) < number
        )
        return lamps

    @model_validator(mode="after")
    def _lit(self) -> Self:
        if self.ratio > 2:
            raise ValueError("lamps[0].watts: must be less when ratio is more than 2")
        return self


def refused(folder: Path, text: str | bytes) -> list[str]:
    """Return the faults of a file with this content, without the folder's name."""
    file = folder / "house.toml"
    file.write_bytes(text if isinstance(text, bytes) else text.encode())
    with pytest.raises(ConfigRefused) as caught:
        load(file, House)
    assert str(caught.value) == "\n".join(map(str, caught.value.faults))
    return [str(fault).replace(f"{folder}/", "") for fault in caught.value.faults]


def test_a_valid_file_becomes_the_model(tmp_path: Path) -> None:
    file = tmp_path / "house.toml"
    file.write_text('ratio = 2\n[[lamps]]\nname = "a"\nsince = 2026-01-01\n', "utf-8")
    assert load(file, House) == House(ratio=2.0, lamps=(Lamp(name="a", since=date(2026, 1, 1)),))


def test_all_faults_are_reported_in_the_order_of_lines(tmp_path: Path) -> None:
    faults = refused(
        tmp_path,
        """\
port = 99999
prot = 1
[[lamps]]
name = "a"
watts = 5.5
[[lamps]]
watts = true
since = "yesterday"
""",
    )
    assert (
        faults[0]
        == "house.toml:1: port: 不能大于 65535(0 到 65535) must be less than or equal to 65535 (0 to 65535) (got 99999)"
    )
    assert faults[1] == "house.toml:2: prot: 没有这个键;是不是 port? unknown key; did you mean port?"
    assert faults[2].startswith("house.toml:5: lamps[0].watts: 应为整数")
    assert faults[3] == "house.toml:6: lamps[1].name: 必填 is required"
    assert faults[4] == "house.toml:7: lamps[1].watts: 应为整数 must be a valid integer (got true)"
    assert faults[5].startswith("house.toml:8: lamps[1].since: 应为日期,如 2026-12-31 must be a valid date")
    assert len(faults) == 6


def test_a_misfit_is_reported_on_its_own_line(tmp_path: Path) -> None:
    text = 'port = -1\n[[lamps]]\nname = "a"\n[[lamps]]\n\nname = "a"\n'
    assert refused(tmp_path, text) == [
        "house.toml:1: port: 不能小于 0(0 到 65535) must be greater than or equal to 0 (0 to 65535) (got -1)",
        'house.toml:6: lamps[1].name: is the same as lamps[0] (got "a")',
    ]


def test_a_validator_of_a_table_names_the_key_in_its_message(tmp_path: Path) -> None:
    text = '[[lamps]]\nname = "a"\nhigh = 3\nlow = 4\n'
    assert refused(tmp_path, text) == ["house.toml:4: lamps[0].low: low is more than high"]
    text = 'ratio = 3.0\n[[lamps]]\nname = "a"\nwatts = 4\n'
    assert refused(tmp_path, text) == ["house.toml:4: lamps[0].watts: must be less when ratio is more than 2"]


def test_secrets_are_never_shown(tmp_path: Path) -> None:
    canary = "Zx7-canary"
    faults = refused(
        tmp_path,
        f'door_password = ["{canary}"]\nsafe = {{ a = "{canary}" }}\npasword = "{canary}"\n'
        f'[[lamps]]\nname = 1\napi_token = "{canary}"\n',
    )
    assert len(faults) == 5
    assert canary not in "\n".join(faults)
    assert "got" not in str(refused(tmp_path, "door_password = 12345\nsafe = 12345\n"))
    assert canary not in str(refused(tmp_path, f'url = 1\nport = "https://user:{canary}@host/"\n'))


def test_a_long_value_is_truncated(tmp_path: Path) -> None:
    assert len(refused(tmp_path, f'port = "{"x" * 5000}"\n')[0]) < 150


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("port = \n", 1),
        ("port = 1\nport = 2\n", 2),
        ("[[lamps]]\n[lamps]\n", 2),
        ("a = [1,\n2,\n", 2),
    ],
)
def test_a_syntax_fault_has_a_line(tmp_path: Path, text: str, line: int) -> None:
    (fault,) = refused(tmp_path, text)
    assert fault.startswith(f"house.toml:{line}: ")


def test_an_unreadable_file_is_a_fault(tmp_path: Path) -> None:
    for path, reason in [
        (tmp_path / "absent", "No such file"),
        (tmp_path, "is not a file"),
        (Path("/dev/zero"), "is not"),
    ]:
        with pytest.raises(ConfigRefused, match=reason):
            load(path, House)
    reason = "不是 UTF-8,请存成 UTF-8 is not UTF-8; save it as UTF-8"
    assert refused(tmp_path, b"port = 1\nurl = '\xff'\n") == [f"house.toml:2: {reason}"]
    assert refused(tmp_path, b"#" * (1024 * 1024 + 1)) == ["house.toml: 超过 1 MiB is larger than 1 MiB"]


@pytest.mark.parametrize(
    "text",
    [
        "port = " + "[" * 200_000,
        "port = " + "[" * 40 + "]" * 40,
        "port = " + "{a = " * 5_000 + "1" + "}" * 5_000,
        "[a" + '."a"' * 50_000 + "]",
    ],
    ids=lambda text: text[:12],
)
def test_deep_nesting_is_refused_at_once(tmp_path: Path, text: str) -> None:
    started = time.process_time()  # other load on the machine does not count
    assert refused(tmp_path, f"\n{text}\n") == ["house.toml:2: 嵌套超过 32 层 is nested deeper than 32"]
    assert time.process_time() - started < 2


def test_brackets_in_texts_and_comments_do_not_count(tmp_path: Path) -> None:
    file = tmp_path / "house.toml"
    many = "[{." * 100
    file.write_text(f"# {many}\nurl = \"{many}\"\ndoor_password = '''\n{many}'''\n", "utf-8")
    assert load(file, House).url == many


@pytest.mark.parametrize("number", ["nan", "-inf", str(2**63), "0x" + "f" * 5000])
def test_numbers_outside_json_are_refused(tmp_path: Path, number: str) -> None:
    (fault,) = refused(tmp_path, f"\nratio = {number}\n")
    assert fault.startswith("house.toml:2: ratio: ")
    assert " must be a" in fault


def test_a_number_of_too_many_digits_is_refused(tmp_path: Path) -> None:
    (fault,) = refused(tmp_path, f"port = {'9' * 5000}\n")
    assert fault.startswith("house.toml: 不是 TOML")


def test_a_byte_order_mark_is_accepted(tmp_path: Path) -> None:
    file = tmp_path / "house.toml"
    file.write_bytes(b"\xef\xbb\xbfport = 1\n")
    assert load(file, House).port == 1


def test_values_of_the_command_line_are_validated_too() -> None:
    assert validate({"port": 1}, House, source="command line").port == 1
    with pytest.raises(ConfigRefused, match=r"^command line: port: 不能小于 0"):
        validate({"port": -1}, House, source="command line")
