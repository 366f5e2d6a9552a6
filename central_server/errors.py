"""Define the base class of the central server's errors."""


class CentralError(Exception):
    """An error that a caller can handle."""


class PartUnavailable(CentralError):
    """An optional part is enabled and cannot run; the message names its settings section and the remedy."""
