"""The root of the central server's own errors."""


class CentralError(Exception):
    """Something that a caller of the central server's parts can act on."""
