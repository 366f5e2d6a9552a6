"""Build the Choice of a gateway in one way for the daemon, `scan` and `replay`, so that all three decide alike."""

from collections.abc import Callable, Mapping
from datetime import datetime

from beacon_gateway.presence.choice import Choice
from beacon_gateway.presence.presence_rules import ChoiceRules
from beacon_gateway.presence.project_selection import Circumstances, ProjectRules
from beacon_gateway.presence.statistics import Collector
from sync_contract.project_rules import Bound

_UNBOUND = Bound()
_NO_NEED: Mapping[str, float] = {}


def build_choice(
    rules: ChoiceRules,
    projects: ProjectRules,
    collector: Collector,
    *,
    official: Callable[[float], datetime | None],
    donation_in_progress: Callable[[], bool] = lambda: False,
    bound: Callable[[], Bound] = lambda: _UNBOUND,
    need: Callable[[], Mapping[str, float]] = lambda: _NO_NEED,
) -> Choice:
    """`official`: official time at a moment (monotonic seconds, or a recording's); None while it is not known.

    `collector` detects clones. `bound`: the catalogue's bindings with rules. `need`: by project, greater = more urgent.
    """

    def circumstances(now: float) -> Circumstances:
        local = official(now)
        return Circumstances(
            donation_in_progress=donation_in_progress(),
            local=local.time() if local else None,
            today=local.date() if local else None,
            cloned=collector.cloned(now),
            bound=bound(),
            need=need(),
        )

    return Choice(rules, projects, circumstances)
