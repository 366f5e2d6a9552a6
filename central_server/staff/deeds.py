"""What the audit trail calls the deeds of staff: an action, and its words as an English msgid."""


def _(text: str) -> str:
    """Marks a text for the catalogues."""
    return text


DEEDS = {
    "session.begin": _("Logged in"),
    "session.refuse": _("A login was refused"),
    "session.end": _("Logged out"),
    "sessions.end": _("Ended sessions"),
    "address.lock": _("An address tried too often to log in"),
    "account.lock": _("Locked after wrong passwords"),
    "account.unlock": _("Unlocked"),
    "account.add": _("Added an account"),
    "account.disable": _("Closed an account"),
    "account.enable": _("Opened an account again"),
    "role.grant": _("Gave a role"),
    "role.revoke": _("Took a role away"),
    "password.refuse": _("A password was refused"),
    "password.change": _("Changed the own password"),
    "password.reset": _("Gave a new password"),
    "factor.begin": _("Began to set up the second step"),
    "factor.enrol": _("Set up the second step"),
    "factor.refuse": _("A code was refused"),
    "factor.remove": _("Removed the second step"),
    "factor.reset": _("Reset the second step"),
    "organisation.add": _("Added an organisation"),
    "organisation.change": _("Changed an organisation"),
    "project.add": _("Added a project"),
    "project.change": _("Changed a project"),
    "beacon.add": _("Added a beacon"),
    "beacon.change": _("Changed a beacon"),
    "beacon.remove": _("Removed a beacon"),
    "binding.add": _("Added a binding"),
    "binding.change": _("Changed a binding"),
    "binding.remove": _("Removed a binding"),
    "beacons.import": _("Imported beacons"),
    "projects.import": _("Imported projects"),
    "bindings.import": _("Imported bindings"),
    "place.add": _("Added a place"),
    "place.rename": _("Renamed a place"),
    "place.move": _("Moved a place"),
    "gateway.add": _("Added a gateway"),
    "gateway.invite": _("Made an enrolment code"),
    "gateway.enrol": _("A device was enrolled"),
    "gateway.revoke": _("Locked a gateway out"),
    "key.revoke": _("Locked a key"),
    "token.make": _("Made a token for programs"),
    "token.revoke": _("Revoked a token for programs"),
    "webhook.make": _("Made a webhook"),
    "webhook.stop": _("Stopped a webhook"),
    "webhook.start": _("Started a webhook again"),
    "webhook.secret": _("Made a new secret for a webhook"),
    "webhook.remove": _("Removed a webhook"),
    "webhook.again": _("Sent a delivery again"),
}

REASONS = {
    "unknown name": _("unknown name"),
    "wrong password": _("wrong password"),
    "locked": _("the account was locked"),
    "disabled": _("the account is closed"),
    "the one-time password is too old": _("the one-time password is too old"),
    "password": _("the second step is still to come"),
    "password, code": _("with password and code"),
}
"""Details that are words, not facts."""
