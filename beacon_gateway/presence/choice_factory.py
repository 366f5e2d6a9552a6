"""The Choice of a gateway: one way to build it for the daemon, `scan` and `replay`, so that all three decide alike."""

from collections.abc import Callable, Mapping
from datetime import datetime

from beacon_gateway.presence.choice import Choice
from beacon_gateway.presence.presence_rules import ChoiceRules
from beacon_gateway.presence.project_selection import Circumstances, ProjectRules
from beacon_gateway.presence.statistics import Collector
from sync_contract.project_rules import Bound

_BOUND = Bound()
_NO_NEED: Mapping[str, float] = {}


def choosing(
    rules: ChoiceRules,
    projects: ProjectRules,
    collector: Collector,
    *,
    official: Callable[[float], datetime | None],
    giving: Callable[[], bool] = lambda: False,
    bound: Callable[[], Bound] = lambda: _BOUND,
    need: Callable[[], Mapping[str, float]] = lambda: _NO_NEED,
) -> Choice:
    """`official`: official time at a moment (monotonic seconds, or a recording's), None while it is not known.

    `collector` notices clones; `bound`: what the catalogue binds by rules, where there is one.
    `need`: by project, the greater the more it needs.
    """

    def circumstances(now: float) -> Circumstances:
        local = official(now)
        return Circumstances(
            giving=giving(),
            local=local.time() if local else None,
            today=local.date() if local else None,
            cloned=collector.cloned(now),
            bound=bound(),
            need=need(),
        )

    return Choice(rules, projects, circumstances)
