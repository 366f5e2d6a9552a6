"""Word states and actions of memberships for the pages of staff and units."""

from daemonkit.i18n import marked as _
from volunteering.rules.pool_states import Action, MembershipState

STATES = {
    MembershipState.invited: _("on the list"),
    MembershipState.printed: _("slip printed"),
    MembershipState.reported: _("reported"),
    MembershipState.accepted: _("accepted"),
    MembershipState.posted: _("has a post"),
    MembershipState.leaving: _("wants to leave"),
    MembershipState.left_by_unit: _("unit agreed to the leaving"),
    MembershipState.left_by_community: _("community agreed to the leaving"),
    MembershipState.ended: _("ended"),
    MembershipState.declined: _("declined"),
}
ACTIONS = {
    Action.report: _("Came with the slip"),
    Action.accept: _("Accept"),
    Action.refuse: _("Do not accept"),
    Action.decline: _("Take back"),
    Action.ask_leave: _("Ask for the leaving"),
    Action.agree_leave: _("Agree to the leaving"),
}
"""Buttons; slips and posts have their own forms."""
CHANGED = _("It was changed meanwhile; please look again.")
BROKEN = _("The key that opens the volunteers' data is not the right one. Tell the installer: receipts.key.")
