"""The form of an address inside a QR code."""


def in_capitals(address: str) -> str:
    """Return the address in capitals after its scheme, for a QR code's alphanumeric mode.

    Hosts have no case; our servers answer the paths in capitals too. The scheme stays small, because some cameras take
    an address for text when its scheme is in capitals (docs/decisions/0022-code-density.md).
    """
    scheme, separator, rest = address.partition("://")
    return scheme.lower() + separator + rest.upper()
