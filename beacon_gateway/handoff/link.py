"""Handoff by link to the public donation page of a bank or foundation; needs no central server."""

from dataclasses import dataclass
from urllib.parse import quote

from beacon_gateway.donations.ports import Recorded
from sync_contract.records import HandoffKind


@dataclass(frozen=True, slots=True)
class LinkHandoff:
    """`template` may contain {project}, {amount_yuan} and {intent}; the settings have checked its host."""

    template: str
    kind: HandoffKind = HandoffKind.link

    def url(self, recorded: Recorded) -> str:
        """Return the page's URL. No outcome is reported: the intent ends `unconfirmed`."""
        intent = recorded.intent
        fields = {
            "project": intent.project,
            "amount_yuan": intent.amount.to_yuan(),
            "intent": intent.id,
        }
        return self.template.format_map({name: quote(value, safe="") for name, value in fields.items()})
