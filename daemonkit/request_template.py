"""Fill the template of a request to another program: each value is escaped for the type of the content."""

import json
import re
from collections.abc import Mapping
from urllib.parse import quote_plus

JSON, FORM = "application/json", "application/x-www-form-urlencoded"
_PLACEHOLDER = re.compile(r"\{([a-z]+)\}")


def fill(template: str, values: Mapping[str, str], content_type: str) -> str:
    """Replace `{name}` by the value of that name; other braces stay. `content_type`: `JSON`, `FORM`, "" for plain."""

    def value(found: re.Match[str]) -> str:
        text = values.get(found[1])
        if text is None:
            return found[0]
        return _escaped(text, content_type)

    return _PLACEHOLDER.sub(value, template)


def names_in(template: str) -> frozenset[str]:
    return frozenset(_PLACEHOLDER.findall(template))


def _escaped(text: str, content_type: str) -> str:
    if content_type == JSON:
        return json.dumps(text, ensure_ascii=False)[1:-1]
    return quote_plus(text) if content_type == FORM else text
