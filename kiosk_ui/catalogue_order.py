"""Sort a catalogue of messages, so that two changes rarely touch the same lines."""

import re

from babel.messages.pofile import unescape

_MESSAGE = re.compile(r'(?:#.*\n)*msgid (?P<id>(?:".*"\n)+)msgstr (?:".*"\n)+')
_LINE = re.compile(r'"(?:[^"\\]|\\.)*"')


def sort_messages(catalogue: str) -> str:
    """Return the text of a `.po` file with its header first, then the messages in order of their msgid.

    Comments stay with the message below them.
    """
    found = sorted(_MESSAGE.finditer(f"{catalogue}\n"), key=_read_id)
    return "\n".join(each[0] for each in found)


def _read_id(message: re.Match[str]) -> str:
    return "".join(unescape(line) for line in _LINE.findall(message["id"]))
