"""The number pad: what the display holds after a key. The script follows the same rule."""

MAX_DIGITS = 7


def press(digits: str, key: str) -> str:
    """Whole yuan as typed: no leading zeros, at most MAX_DIGITS digits."""
    return (digits + key).lstrip("0")[:MAX_DIGITS]


def read(digits: str) -> str:
    """Digits from a URL, cleaned: only 0-9 count."""
    return press("", "".join(each for each in digits if each in "0123456789"))
