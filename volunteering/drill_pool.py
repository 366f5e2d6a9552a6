"""Add made-up partner units, grids, and members of a talent pool to a drill, in every state."""

from collections.abc import Sequence
from datetime import timedelta

from central_server.parts import DrillContext
from central_server.store.engine.connection import Connection
from central_server.store.places import places
from central_server.store.places.places import Place, PlaceKind
from sync_contract.project import Texts
from sync_contract.strict_model import Environment
from sync_contract.uuid7 import new_id
from volunteering.people.sealed_person import PersonSeal
from volunteering.pool.act_on_membership import By, act, link_person
from volunteering.pool.enlist import Listed, enlist, prepare
from volunteering.rules.pool_states import Action, Actor, MembershipState
from volunteering.store import pool, units
from volunteering.store.people import Person
from volunteering.store.pool import Membership
from volunteering.store.units import Unit, UnitKind

_ACCOUNT = "drill"
_UNITS = (
    ("law", "法学院党总支（演练）", "法學院黨總支（演練）", "School of Law (drill)"),
    ("med", "医学院党总支（演练）", "醫學院黨總支（演練）", "School of Medicine (drill)"),
    ("lang", "外国语学院党总支（演练）", "外國語學院黨總支（演練）", "School of Foreign Languages (drill)"),
    ("sport", "体育学院党总支（演练）", "體育學院黨總支（演練）", "School of Sport (drill)"),
    ("info", "信息学院党总支（演练）", "資訊學院黨總支（演練）", "School of Computing (drill)"),
    ("retired", "离退休党总支（演练）", "離退休黨總支（演練）", "Retired staff (drill)"),
)
"""Code and names: six partner organisations, as the announcement counts."""
_GRIDS = 4
_STEPS: tuple[tuple[tuple[Actor, Action, str], ...], ...] = (
    ((Actor.unit, Action.print, ""), (Actor.member, Action.report, ""), (Actor.staff, Action.accept, ""),
     (Actor.member, Action.claim, "law"), (Actor.member, Action.claim, "policy")),
    ((Actor.unit, Action.print, ""), (Actor.member, Action.report, ""), (Actor.staff, Action.accept, ""),
     (Actor.member, Action.claim, "health")),
    ((Actor.unit, Action.print, ""), (Actor.member, Action.report, "")),
    ((Actor.unit, Action.print, ""),),
    ((Actor.unit, Action.print, ""), (Actor.member, Action.report, ""), (Actor.staff, Action.accept, "")),
    (),
    ((Actor.unit, Action.print, ""), (Actor.member, Action.report, ""), (Actor.staff, Action.accept, ""),
     (Actor.member, Action.claim, "jobs"), (Actor.member, Action.ask_leave, ""), (Actor.unit, Action.agree_leave, "")),
)  # fmt: skip
"""What has happened to one member after another."""
_SKILLS = ("teaching", "medicine", "languages", "sport", "computers", "repair")


async def add_pool(connection: Connection, context: DrillContext, members: Sequence[Person]) -> None:
    """Raises PlaceRefused if the community does not exist."""
    grids = [f"{context.community[:28]}-g{number + 1}" for number in range(_GRIDS)]
    for number, grid in enumerate(grids, 1):
        names = _texts((f"第{number}网格", f"第{number}網格", f"Grid {number}"))
        await places.plant(connection, Place(grid, PlaceKind.grid, context.community, names), context.now)
    seal, made_at = PersonSeal(context.seal), context.now - timedelta(days=20)
    environment, people = Environment.drill.value, list(members)
    for number, (code, *named) in enumerate(_UNITS):
        texts = _texts((named[0], named[1], named[2])).model_dump_json(by_alias=True)
        partner = UnitKind.partner.value
        unit = Unit(new_id(), context.community, environment, partner, code, texts, _ACCOUNT, made_at)
        await units.add(connection, unit)
        await units.name_contact(connection, unit, _ACCOUNT, _ACCOUNT, made_at)
        listed = [
            Listed(contact.name, contact.mobile, "", grids[(number + place) % _GRIDS])
            for place, contact in enumerate(seal.open(person) for person in people[number::6])
        ]
        await enlist(connection, seal, unit, prepare(seal, listed), _ACCOUNT, made_at)
        for place, found in enumerate(await pool.of_unit(connection, unit.id, "")):
            await _advance(connection, context, found, people[number::6], number + place)


async def _advance(
    connection: Connection, context: DrillContext, found: Membership, people: Sequence[Person], number: int
) -> None:
    member = await pool.get_member(connection, found.member, found.environment)
    assert member is not None
    person = next(each for each in people if each.number_hash == member.number_hash)
    ids = {Actor.member: person.id}
    for day, (actor, action, post) in enumerate(_STEPS[number % len(_STEPS)]):
        by = By(actor, ids.get(actor, _ACCOUNT))
        at = context.now - timedelta(days=18 - 2 * day)
        if await act(connection, found, action, by, at, post=post) is MembershipState.reported:
            await link_person(connection, found, person)
            await pool.set_profile(connection, member, member.grid, [_SKILLS[number % len(_SKILLS)]])
        changed = await pool.get(connection, found.id, found.environment)
        assert changed is not None
        found = changed


def _texts(texts: tuple[str, str, str]) -> Texts:
    return Texts.model_validate(dict(zip(("zh-Hans", "zh-Hant", "en"), texts, strict=True)))
