"""Convert organisations, projects, beacons and bindings from typed values to stored records, and back.

Forms and file heads use the same names. `place` and the fields that identify a record come first.
"""

import re
from dataclasses import dataclass
from datetime import date, datetime

from central_server.catalogue.amount_examples import example_values, read_examples
from central_server.catalogue.field_parsing import (
    Fault,
    Reading,
    Values,
    Word,
    fen_to_yuan,
    find_placeholders,
    words_of,
)
from central_server.catalogue.reference_index import ReferenceIndex
from central_server.store.catalogue.beacons import StoredBeacon
from central_server.store.catalogue.bindings import StoredBinding, Target
from central_server.store.catalogue.organisations import Organisation
from central_server.store.catalogue.projects import StoredProject
from sync_contract.beacon_identity import BeaconId
from sync_contract.catalogue import BeaconKind, Focus
from sync_contract.project import Drawing, Texts
from sync_contract.rssi import MAX_DBM, MIN_DBM
from sync_contract.uuid7 import new_id

_ID = re.compile(r"[a-z0-9]([a-z0-9-]{0,14}[a-z0-9])?")
_TAG_CLASS = re.compile(r"[a-z0-9-]{1,32}")
_LANGUAGES = ("zh_hans", "zh_hant", "en")
MAX_AMOUNTS = 6
MAX_HOURS = 10
MAX_GROUPS = 10


@dataclass(frozen=True, slots=True)
class Edit:
    """Who saves, and when."""

    account: str
    at: datetime


def _three(name: str) -> tuple[str, ...]:
    return tuple(f"{name}_{language}" for language in _LANGUAGES)


PROJECT = (
    "place", "id", *_three("title"), *_three("summary"), *_three("story"), *_three("payee"),
    "amounts_yuan", *_three("pays_for"), "min_yuan", "max_yuan", "goal_yuan", "organisation", "filing", "area",
    "opens", "closes", "position", "withdrawn", "drawing",
)  # fmt: skip
BEACON = (
    "place", "uuid", "major", "minor", "kind", "label", "measured_power", "tag_class", "gateway", "groups", "comment",
)  # fmt: skip
BINDING = (
    "id", "place", "target", "uuid", "major", "minor", "group", "project", "priority", "hours", "weekdays",
    "since", "until", "zone", "while_needed",
)  # fmt: skip


def read_organisation(
    values: Values, index: ReferenceIndex, edit: Edit, before: Organisation | None
) -> tuple[Organisation | None, list[Fault]]:
    read = Reading(values, find_placeholders(values) if index.real else [])
    new = Organisation(
        place=_place(read, index, site=False),
        id=_id(read, "id"),
        name=read.text("name", 120),
        about=read.texts("about", 500, needed=False, lines=True),
        certificate=read.text("certificate", 120, needed=False),
        certificate_until=read.day("certificate_until"),
        platform_url=_https(read, "platform_url"),
        own_site=read.yes("own_site"),
        edited_at=edit.at,
        edited_by=edit.account,
    )
    if new.certificate and not new.certificate_until and not read.values.get("certificate_until", "").strip():
        read.fault("certificate_until", Word.needed)
    if new.certificate_until and not new.certificate:
        read.fault("certificate", Word.needed)
    return (None if read.faults else new), read.faults


def organisation_values(row: Organisation) -> dict[str, str]:
    return {
        "place": row.place,
        "id": row.id,
        "name": row.name,
        **_texts("about", row.about),
        "certificate": row.certificate,
        "certificate_until": _day(row.certificate_until),
        "platform_url": row.platform_url,
        "own_site": "yes" if row.own_site else "",
    }


def read_project(
    values: Values, index: ReferenceIndex, edit: Edit, before: StoredProject | None
) -> tuple[StoredProject | None, list[Fault]]:
    read = Reading(values, find_placeholders(values) if index.real else [])
    place = _place(read, index, site=False)
    title, summary = read.texts("title", 40), read.texts("summary", 200, lines=True)
    story, payee = read.texts("story", 2000, lines=True), read.texts("payee", 120)
    least, most = read.fen("min_yuan"), read.fen("max_yuan")
    amounts, goal = read.amounts("amounts_yuan", MAX_AMOUNTS), read.fen("goal_yuan", needed=False)
    if least and most and least > most:
        read.fault("max_yuan", Word.least_over_most)
    elif least and most and any(not least <= amount <= most for amount in amounts):
        read.fault("amounts_yuan", Word.amount_outside, least=fen_to_yuan(least), most=fen_to_yuan(most))
    pays_for = read_examples(read, amounts)
    organisation = read.text("organisation", 16, needed=False)
    if organisation and place and not index.organisation_holds(place, organisation):
        read.fault("organisation", Word.unknown_organisation)
    filing, area = read.text("filing", 120, needed=False), read.text("area", 120, needed=False)
    opens, closes = read.day("opens"), read.day("closes")
    read.in_order(opens, closes, "closes")
    permit = ("organisation", "filing", "area", "opens", "closes")
    if any(values.get(name, "").strip() for name in permit):
        for name in permit:
            if not values.get(name, "").strip():
                read.fault(name, Word.permit_incomplete)
    drawing = Drawing(read.one_of("drawing", tuple(Drawing), otherwise=Drawing.lane))
    id_, position, withdrawn = _id(read, "id"), read.number("position", 0, 9999, otherwise=0), read.yes("withdrawn")
    if read.faults or title is None or summary is None or story is None or payee is None or not least or not most:
        return None, read.faults
    new = StoredProject(
        place=place,
        id=id_,
        title=title,
        summary=summary,
        story=story,
        payee=payee,
        amounts_fen=amounts,
        min_fen=least,
        max_fen=most,
        goal_fen=goal,
        organisation=organisation,
        filing=filing,
        area=area,
        opens=opens,
        closes=closes,
        picture=before.picture if before else None,
        withdrawn=withdrawn,
        position=position,
        edited_at=edit.at,
        edited_by=edit.account,
        pays_for=pays_for,
        drawing=drawing,
        focus=before.focus if before else Focus.centre,
    )
    return new, []


def project_values(row: StoredProject) -> dict[str, str]:
    return {
        "place": row.place,
        "id": row.id,
        **_texts("title", row.title),
        **_texts("summary", row.summary),
        **_texts("story", row.story),
        **_texts("payee", row.payee),
        "amounts_yuan": " ".join(map(fen_to_yuan, row.amounts_fen)),
        **example_values(row.pays_for),
        "min_yuan": fen_to_yuan(row.min_fen),
        "max_yuan": fen_to_yuan(row.max_fen),
        "goal_yuan": fen_to_yuan(row.goal_fen),
        "organisation": row.organisation,
        "filing": row.filing,
        "area": row.area,
        "opens": _day(row.opens),
        "closes": _day(row.closes),
        "position": str(row.position),
        "withdrawn": "yes" if row.withdrawn else "",
        "drawing": row.drawing.value,
    }


def read_beacon(
    values: Values, index: ReferenceIndex, edit: Edit, before: StoredBeacon | None
) -> tuple[StoredBeacon | None, list[Fault]]:
    read = Reading(values, find_placeholders(values) if index.real else [])
    place, beacon = _place(read, index, site=True), _beacon(read)
    kind = BeaconKind(read.one_of("kind", tuple(BeaconKind)))
    label, comment = read.text("label", 60), read.text("comment", 300, needed=False, lines=True)
    power = read.number("measured_power", MIN_DBM, MAX_DBM, otherwise=-59)
    tag_class = read.text("tag_class", 32, needed=False)
    if kind is BeaconKind.person and not _TAG_CLASS.fullmatch(tag_class):
        read.fault("tag_class", Word.class_needed)
    if kind is BeaconKind.place and tag_class:
        read.fault("tag_class", Word.class_of_place)
    gateway = read.text("gateway", 16, needed=False)
    if gateway and place and not index.gateway_is_of(gateway, place):
        read.fault("gateway", Word.unknown_gateway)
    groups = tuple(dict.fromkeys(words_of(values.get("groups", ""))))
    if len(groups) > MAX_GROUPS:
        read.fault("groups", Word.too_many, most=MAX_GROUPS)
    if any(len(group) > 32 or not group.isprintable() for group in groups):
        read.fault("groups", Word.not_a_group)
    if read.faults or beacon is None:
        return None, read.faults
    new = StoredBeacon(
        before.id if before else new_id(), place, beacon, kind, label, power, tag_class, gateway or None, groups,
        comment, edit.at, edit.account,
    )  # fmt: skip
    return new, []


def beacon_values(row: StoredBeacon) -> dict[str, str]:
    return {
        "place": row.place,
        **_identity(row.beacon),
        "kind": row.kind.value,
        "label": row.label,
        "measured_power": str(row.measured_power),
        "tag_class": row.tag_class,
        "gateway": row.gateway or "",
        "groups": " ".join(row.groups),
        "comment": row.comment,
    }


def read_binding(
    values: Values, index: ReferenceIndex, edit: Edit, before: StoredBinding | None
) -> tuple[StoredBinding | None, list[Fault]]:
    read = Reading(values, find_placeholders(values) if index.real else [])
    place = _place(read, index, site=False)
    target = Target(read.one_of("target", tuple(Target)))
    beacon = _beacon(read) if target is Target.beacon else None
    group = read.text("group", 32) if target is Target.group else ""
    if " " in group:
        read.fault("group", Word.not_a_group)
    project = read.text("project", 16)
    if project and place and not index.project_holds(place, project):
        read.fault("project", Word.unknown_project)
    priority = read.number("priority", -100, 100, otherwise=0)
    hours, weekdays = read.hours("hours", MAX_HOURS), read.weekdays("weekdays")
    since, until = read.day("since"), read.day("until")
    read.in_order(since, until, "until")
    zone = read.one_of("zone", ("", "near", "immediate"), otherwise="")
    while_needed = read.yes("while_needed")
    if read.faults:
        return None, read.faults
    new = StoredBinding(
        before.id if before else new_id(), place, target, beacon, group, project, priority, hours, weekdays, since,
        until, zone, while_needed, edit.at, edit.account,
    )  # fmt: skip
    return new, []


def binding_values(row: StoredBinding) -> dict[str, str]:
    identity = _identity(row.beacon) if row.beacon else dict.fromkeys(("uuid", "major", "minor"), "")
    return {
        "id": row.id,
        "place": row.place,
        "target": row.target.value,
        **identity,
        "group": row.group,
        "project": row.project,
        "priority": str(row.priority),
        "hours": " ".join(row.hours),
        "weekdays": "".join(map(str, row.weekdays)),
        "since": _day(row.since),
        "until": _day(row.until),
        "zone": row.zone,
        "while_needed": "yes" if row.while_needed else "",
    }


def _place(read: Reading, index: ReferenceIndex, *, site: bool) -> str:
    """Return an empty text if the editor may not edit there."""
    place = read.text("place", 64)
    if place and not index.may_hold(place, site=site):
        read.fault("place", Word.unknown_place)
        return ""
    return place


def _id(read: Reading, name: str) -> str:
    text = read.values.get(name, "").strip()
    if not text:
        read.fault(name, Word.needed)
    elif not _ID.fullmatch(text):
        read.fault(name, Word.not_an_id)
    return text


def _beacon(read: Reading) -> BeaconId | None:
    uuid = read.identity("uuid")
    major, minor = read.number("major", 0, 65535), read.number("minor", 0, 65535)
    return BeaconId(uuid, major, minor) if uuid else None


def _https(read: Reading, name: str) -> str:
    text = read.text(name, 300, needed=False)
    if text and not re.fullmatch(r"https://[^\s/@]+\.[^\s/@]+(/\S*)?", text):
        read.fault(name, Word.not_https)
    return text


def _identity(beacon: BeaconId) -> dict[str, str]:
    return {"uuid": str(beacon.uuid), "major": str(beacon.major), "minor": str(beacon.minor)}


def _texts(name: str, texts: Texts | None) -> dict[str, str]:
    if texts is None:
        return dict.fromkeys(_three(name), "")
    return dict(zip(_three(name), (texts.zh_hans, texts.zh_hant, texts.en), strict=True))


def _day(day: date | None) -> str:
    return day.isoformat() if day else ""
