"""A short run of the machine on SQLite; test_money_processes.py has PostgreSQL, the soak a long one on both."""

from hypothesis import HealthCheck, Phase, settings
from hypothesis.stateful import run_state_machine_as_test

from tests.flow.money_machine import Stores, a_file
from tests.flow.money_office import OfficeMachine

SHORT = settings(
    max_examples=8,
    stateful_step_count=20,
    deadline=None,
    derandomize=True,
    phases=(Phase.explicit, Phase.generate),
    suppress_health_check=list(HealthCheck),
)


def run_machine(stores: Stores, how: settings) -> None:
    """Prints how to make a failure happen again."""
    machine = type("Machine", (OfficeMachine,), {"stores": staticmethod(stores)})
    run_state_machine_as_test(machine, settings=how)


def test_money_is_neither_lost_nor_counted_twice_on_sqlite() -> None:
    run_machine(a_file, SHORT)
