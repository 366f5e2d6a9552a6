"""The board of a community: what its chains say, and when they were last compared with the bank."""

from dataclasses import dataclass
from datetime import datetime
from urllib.parse import quote

from central_server.store.catalogue import projects
from central_server.store.engine.database import Database
from central_server.store.ledger import cosignatures, ledger_heads
from central_server.store.places import places
from central_server.store.places.places import PlaceKind
from central_server.store.reconciliation import last_reconciled
from kiosk_ui.board_views import BoardPage, BoardProject, first_month, months, unpublished
from sync_contract.ledger_heads import Head
from sync_contract.strict_model import Environment


@dataclass(frozen=True, slots=True)
class Board:
    database: Database
    environment: Environment

    async def show(self, place: str | None, now: datetime) -> BoardPage | None:
        """Without a place: of the one community there is. None when there is none such."""
        environment = self.environment.value
        async with self.database.read() as connection:
            if place is None:
                place = await places.only_community(connection) or ""
            found = await places.get(connection, place)
            if found is None or found.kind is not PlaceKind.community:
                return None
            newest = await ledger_heads.of_community(connection, place, environment)
            known = await projects.known_many(connection, [(place, head.project) for head in newest])
            witnesses = await cosignatures.of_heads(connection, [head.seq for head in newest])
            shown = []
            for head in newest:
                last = Head.model_validate_json(head.content)
                kept = await ledger_heads.since(connection, head.purse, first_month(now))
                project = known.get((place, head.project))
                shown.append(
                    BoardProject(
                        id=head.project,
                        title=None if project is None else project.title,
                        sums=last.total,
                        months=months([Head.model_validate_json(each.content) for each in kept], now),
                        at=last.at,
                        step=head.step,
                        cosigned=len(witnesses.get(head.seq, [])),
                        digest=head.digest,
                    )
                )
            told = {each.id for each in shown}
            offered = await projects.all_offered(connection, place)
            shown += [unpublished(project, now) for project in offered if project.id not in told]
            reconciled_at = await last_reconciled.at(connection, place, environment)
        data = f"/api/v1/transparency/{quote(place, safe='')}"
        return BoardPage(tuple(shown), reconciled_at, verify="/v", data=data)
