"""Where a page leads back to, as its own address says it."""


def back_to(told: str, otherwise: str = "/") -> str:
    """`told`, when it is a path on this server; `otherwise` for anything else."""
    ours = told.startswith("/") and told.isascii() and told.isprintable() and told[1:2] not in ("/", "\\")
    return told if ours else otherwise
