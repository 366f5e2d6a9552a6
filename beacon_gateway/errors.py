"""The root of what a caller of the gateway's parts may have to handle."""


class GatewayError(Exception):
    """Named by what the caller does next; the message is for the log."""


class KeysInUse(GatewayError):
    """Another program is changing the device's key just now."""
