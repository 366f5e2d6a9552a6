"""Check the path of a page's back button, which comes from its query or form."""


def back_path(requested: str, otherwise: str = "/") -> str:
    """Return `requested` if it is a path on this server, else `otherwise`."""
    is_own = (
        requested.startswith("/")
        and requested.isascii()
        and requested.isprintable()
        and requested[1:2] not in ("/", "\\")
    )
    return requested if is_own else otherwise
