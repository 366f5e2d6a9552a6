"""The root exception of the gateway."""


class GatewayError(Exception):
    """Subclasses are named by what the caller does next; the message is for the log."""


class KeysInUse(GatewayError):
    """Another program is changing the device's key."""


class StateInUse(GatewayError):
    """Another gateway runs on the state folder."""


class StateOfOther(GatewayError):
    """The state folder belongs to the other environment."""
