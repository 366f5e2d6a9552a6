"""Define the base class of the central server's errors."""


class CentralError(Exception):
    """An error that a caller can handle."""
