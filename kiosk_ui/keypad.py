"""The rule of the number pad's display, the same as in static/kiosk.js."""

MAX_DIGITS = 7


def press(digits: str, key: str) -> str:
    """Return the typed whole yuan after a key: no leading zeros, at most MAX_DIGITS digits."""
    return (digits + key).lstrip("0")[:MAX_DIGITS]


def clean_digits(text: str) -> str:
    """Return only the digits 0-9 of a text from a URL or form, as if they had been typed."""
    return press("", "".join(each for each in text if each in "0123456789"))
