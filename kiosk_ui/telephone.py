"""Validate, format and dial the telephone number that a site publishes."""

import re
from typing import Annotated

from pydantic import AfterValidator, Field, StringConstraints

from sync_contract.project import Texts

_WRITTEN = re.compile(r"([+() -]*[0-9][0-9+() -]*)?")


def _telephone(written: str) -> str:
    if not _WRITTEN.fullmatch(written):
        raise ValueError(
            "只能有数字、空格、+ ( ) 和 -,如 0595-1234 5678;留空则不显示 "
            "must be of digits, spaces, + ( ) and -, such as 0595-1234 5678, or empty for none"
        )
    return written


Telephone = Annotated[str, StringConstraints(max_length=30), AfterValidator(_telephone)]
"""As people write it; empty for none."""
_AREA = r"10|2[0-9]|[3-9][0-9]{2}"
"""Area codes of landlines in China, without the leading 0."""
_WITH_AREA = re.compile(rf"(\+86|0)({_AREA})[0-9]{{7,8}}")
_MAX_EXTENSION_DIGITS = 6
_ONE_LINE = r"^[^\n\r]*$"


class Line(Texts):
    """One line beside a telephone number."""

    zh_hans: Annotated[str, Field(alias="zh-Hans", min_length=1, max_length=30, pattern=_ONE_LINE)]
    zh_hant: Annotated[str, Field(alias="zh-Hant", min_length=1, max_length=30, pattern=_ONE_LINE)]
    en: Annotated[str, Field(min_length=1, max_length=60, pattern=_ONE_LINE)]


def groups(written: str) -> tuple[str, ...]:
    """Return the number in the groups in which people read it: 0595 2269 0000, 138 0000 0000."""
    parts = re.findall(r"\+?[0-9]+", written)
    return tuple(group for part in parts for group in _split(part))


def dialled(written: str) -> str:
    """Return the number for a tel: link (RFC 3966), without an extension, as telephones handle it differently."""
    parts = re.findall(r"\+?[0-9]+", written)
    if _WITH_AREA.fullmatch("".join(parts[:-1])) and len(parts[-1]) <= _MAX_EXTENSION_DIGITS:
        del parts[-1]
    return "".join(parts)


def _split(run: str) -> tuple[str, ...]:
    if abroad := re.fullmatch(r"(\+86)(1[3-9][0-9]{9})", run):
        return (abroad[1], *_split(abroad[2]))
    if landline := re.fullmatch(rf"(?:(\+86)|0)({_AREA})([0-9]{{7,8}})", run):
        area = landline[2] if landline[1] else f"0{landline[2]}"
        return (*((landline[1],) if landline[1] else ()), area, *_split(landline[3]))
    if mobile := re.fullmatch(r"(1[3-9][0-9])([0-9]{4})([0-9]{4})", run):
        return mobile.groups()
    if service := re.fullmatch(r"([48]00)([0-9]{3})([0-9]{4})", run):  # valid nationwide
        return service.groups()
    return (run[:-4], run[-4:]) if len(run) in (7, 8) else (run,)
