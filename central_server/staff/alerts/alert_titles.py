"""What the matters of alerts are called in few words, as English msgids."""

from central_server.alerts.tasks import Matter


def _(text: str) -> str:
    """Marks a text for the catalogues."""
    return text


MATTERS = {
    Matter.fork: _("copied card"),
    Matter.wrong_signature: _("sent with a wrong key"),
    Matter.code_used: _("enrolment code used twice"),
    Matter.catalogue_older: _("an old list of projects was given again"),
    Matter.catalogue_full: _("too much on offer for the gateways"),
    Matter.catalogue_number: _("no number is left for a publication"),
    Matter.catalogue_lost: _("holds projects that were never published"),
    Matter.head_refused: _("refused what was published of the money"),
    Matter.surplus: _("paid a second time"),
    Matter.late_payment: _("paid too late"),
    Matter.outside_permit: _("paid while the permit did not hold"),
    Matter.refund_waiting: _("a refund waits"),
    Matter.disbursement_waiting: _("a disbursement waits"),
    Matter.refund_unanswered: _("a refund without the bank's answer"),
    Matter.difference: _("differences with the bank"),
    Matter.permit_ends: _("a permit ends"),
    Matter.disclosure_due: _("money has to be published"),
    Matter.credential_ends: _("a file of the bank ends"),
    Matter.backup_missing: _("no backup is made"),
    Matter.receipt_due: _("receipts are due"),
    Matter.conflict: _("records that contradict each other"),
    Matter.refused: _("records that were not taken"),
    Matter.lost: _("records that never arrived"),
    Matter.damaged: _("records damaged on the card"),
    Matter.deaf: _("hears nothing"),
    Matter.tag_silent: _("the proving beacon is silent"),
    Matter.advert_unheard: _("the own beacon is not heard"),
    Matter.nothing_heard: _("has heard nothing since the start"),
    Matter.off_air: _("beacon off the air"),
    Matter.late: _("not heard of"),
    Matter.awaited: _("awaited"),
    Matter.unknown_gateway: _("unknown devices tried to send"),
    Matter.revoked: _("locked out"),
    Matter.cloned_beacon: _("a beacon was copied"),
    Matter.identity_twice: _("numbers used by another community"),
    Matter.identity_wanted: _("numbers wanted by another community"),
    Matter.advert_twice: _("sends numbers of another"),
    Matter.silent_beacon: _("a beacon is silent"),
}
