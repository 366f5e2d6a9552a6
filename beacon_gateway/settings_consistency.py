"""Check the gateway's settings against each other, also when some values are invalid: so all faults are reported.

A document is as tomllib returns it, with INVALID for each value that is invalid by itself.
"""

from collections.abc import Hashable, Iterator, Mapping, Sequence
from importlib.util import find_spec
from typing import Any
from urllib.parse import urlsplit
from uuid import UUID

from daemonkit.host_address import is_everywhere, is_loopback
from daemonkit.toml import INVALID, Misfit
from sync_contract.placeholders import find_placeholders
from sync_contract.project import REMOVE_KEY, SERVER_KEYS

IMMEDIATE_M, NEAR_M = 1.5, 4.0
LOOPBACK = "127.0.0.1"
_Table = Mapping[str, Any]
_Path = tuple[str | int, ...]


def find_misfits(document: _Table) -> Iterator[Misfit]:
    yield from _radio(_table(document, "radio"))
    yield from _projects(document)
    yield from _advertise(document, _table(document, "advertise"))
    yield from _presence(_table(document, "presence"))
    for number, beacon in enumerate(_tables(document, "beacons")):
        yield from _beacon(document, ("beacons", number), beacon)
    yield from _repeated([_valid_identity(each) for each in _tables(document, "beacons")], "beacons", ())
    yield from _rules(document)
    yield from _handoff(document, _table(document, "handoff"))
    yield from find_kiosk_misfits(document)
    yield from _mqtt(_table(document, "mqtt"))
    yield from _volunteering(document, _table(document, "volunteering"))
    if _table(document, "site").get("environment") == "real":
        yield from placeholder_misfits(document)


def placeholder_misfits(document: _Table) -> Iterator[Misfit]:
    """Return the placeholders of the shipped file: faults where gifts are real, warnings in a drill."""
    for each in find_placeholders(document):
        yield Misfit(each.at, each.reason, each.value)


def find_kiosk_misfits(document: _Table) -> Iterator[Misfit]:
    kiosk = _table(document, "kiosk")
    host, hosts = kiosk.get("host", LOOPBACK), kiosk.get("allowed_hosts", ())
    if kiosk.get("site") != "lan" or not isinstance(host, str):
        return
    if is_loopback(host):
        why = f'host 不能是 {host},应如 "0.0.0.0" needs a host other than {host}, such as "0.0.0.0"'
        yield Misfit(("kiosk", "site"), why, "lan")
    elif is_everywhere(host) and not hosts:
        why = (
            "还要写 allowed_hosts:工作人员用哪些名称或地址打开它 "
            "needs allowed_hosts: the names or addresses by which staff open it"
        )
        yield Misfit(("kiosk", "site"), why, "lan")


def _radio(radio: _Table) -> Iterator[Misfit]:
    yield from _repeated(_strings(radio.get("scan_adapters")), "scan_adapters", ("radio",))


def _projects(document: _Table) -> Iterator[Misfit]:
    tables = _tables(document, "projects")
    yield from _repeated([_string(each.get("id")) for each in tables], "projects", (), "id")
    for number, project in enumerate(tables):
        yield from (Misfit(("projects", number, key), REMOVE_KEY) for key in SERVER_KEYS if key in project)
    if not document.get("projects") and not _central(document):
        why = (
            "至少要有一个 [[projects]],或写 [central] 的 url 由它提供 "
            "at least one [[projects]] is needed, or a [central] url that provides them"
        )
        yield Misfit(("projects",), why)


def _advertise(document: _Table, advertise: _Table) -> Iterator[Misfit]:
    if advertise.get("enabled") is True:
        for key in ("uuid", "major", "minor"):
            if key not in advertise:
                yield Misfit(("advertise", key), "打开时必填 is required when enabled")
    if advertise.get("exact") is True and advertise.get("mode") == "peripheral":
        why = '从不可连接,不能与 mode = "peripheral" 同用 is never connectable; not possible with mode = "peripheral"'
        yield Misfit(("advertise", "exact"), why, True)
    yield from _unknown_project(document, ("advertise", "project"), advertise.get("project"))
    seen = {_valid_identity(advertise)}
    for number, identity in enumerate(_tables(advertise, "more")):
        at = ("advertise", "more", number)
        id_ = _valid_identity(identity)
        if id_ is not None and id_ in seen:
            yield Misfit(at, "这个身份已经在发了 is advertised already", id_)
        seen.add(id_)
        yield from _unknown_project(document, (*at, "project"), identity.get("project"))


def _presence(presence: _Table) -> Iterator[Misfit]:
    immediate, near = presence.get("immediate_m", IMMEDIATE_M), presence.get("near_m", NEAR_M)
    if INVALID in (immediate, near) or immediate < near:
        return
    key = "immediate_m" if "immediate_m" in presence else "near_m"
    why = f"immediate_m 须小于 near_m immediate_m must be less than near_m, as {IMMEDIATE_M} is less than {NEAR_M}"
    yield Misfit(("presence", key), why, presence[key])


def _beacon(document: _Table, at: _Path, beacon: _Table) -> Iterator[Misfit]:
    kind, tag_class = beacon.get("kind"), beacon.get("tag_class", "")
    if kind == "person" and not tag_class:
        why = 'kind = "person" 时必填,如 "volunteer-card" is required for kind = "person", such as "volunteer-card"'
        yield Misfit((*at, "tag_class"), why)
    if kind == "person" and beacon.get("proves_radio") is True:
        why = '只能用于 kind = "place":人会走开 is for kind = "place" only, because a person walks away'
        yield Misfit((*at, "proves_radio"), why, True)
    if kind == "person" and beacon.get("accepted_dbm"):
        yield Misfit((*at, "accepted_dbm"), '只能用于 kind = "place" is for kind = "place" only')
    if kind == "place" and tag_class:
        yield Misfit((*at, "tag_class"), '只能用于 kind = "person" is for kind = "person" only', _shown(tag_class))
    several = _strings(beacon.get("projects"))
    if several and beacon.get("project"):
        why = "与 project 只能留一个 and project cannot both be set; remove one"
        yield Misfit((*at, "projects"), why, several[0])
    yield from _repeated(several, "projects", at)
    yield from _unknown_project(document, (*at, "project"), beacon.get("project"))
    for place, project in enumerate(several):
        yield from _unknown_project(document, (*at, "projects", place), project)


def _rules(document: _Table) -> Iterator[Misfit]:
    rules = _tables(document, "rules")
    yield from _repeated([_string(each.get("project")) for each in rules], "rules", (), "project")
    for number, rule in enumerate(rules):
        yield from _unknown_project(document, ("rules", number, "project"), rule.get("project"))


def _handoff(document: _Table, handoff: _Table) -> Iterator[Misfit]:
    kind, link = handoff.get("kind"), handoff.get("link_url", "")
    if kind == "ticket" and not _central(document):
        why = (
            "要有 [central] 的 url,或先登记本机(beacon-gateway enrol):票据要交给那台服务器 "
            "needs [central] url, or this device enrolled (beacon-gateway enrol); tickets lead to that server"
        )
        yield Misfit(("handoff", "kind"), why, "ticket")
    if kind == "link" and not link:
        yield Misfit(("handoff", "link_url"), 'kind = "link" 时必填 is required for kind = "link"')
    environment = _table(document, "site").get("environment")
    if not link or not isinstance(link, str) or environment not in ("drill", "real"):
        return
    parts = urlsplit(link)
    if environment == "drill" and is_loopback(parts.hostname or ""):
        return
    at = ("handoff", "link_url")
    if parts.scheme != "https":
        yield Misfit(at, "必须以 https:// 开头 must begin with https://", link)
    hosts = handoff.get("link_hosts", ())
    if isinstance(hosts, Sequence) and INVALID not in hosts and parts.netloc.lower() not in hosts:
        why = (
            f'会打开 {parts.netloc},而它不在 link_hosts 里,应有 link_hosts = ["{parts.netloc}"] '
            f"leads to {parts.netloc}, which is not one of link_hosts"
        )
        yield Misfit(at, why, link)


def _mqtt(mqtt: _Table) -> Iterator[Misfit]:
    host = mqtt.get("host", "")
    for key in ("username", "password_file", "tls"):
        if mqtt.get(key) and not host:
            yield Misfit(("mqtt", key), "要先写 host needs host", _shown(mqtt[key]))
    if mqtt.get("password_file") and not mqtt.get("username"):
        yield Misfit(("mqtt", "username"), "有 password_file 时必填 is required with password_file")
    if host and find_spec("aiomqtt") is None:
        why = (
            "缺少 MQTT 组件:pip install beacon-gateway[mqtt](安装包里已有) "
            "needs the MQTT library: pip install beacon-gateway[mqtt] (the package contains it)"
        )
        yield Misfit(("mqtt", "host"), why, _shown(host))


def _volunteering(document: _Table, volunteering: _Table) -> Iterator[Misfit]:
    if volunteering.get("check_in") is True and not _central(document):
        why = (
            "要有 [central] 的 url,或先登记本机(beacon-gateway enrol):签到码要由那台服务器核对 "
            "needs [central] url, or this device enrolled (beacon-gateway enrol); that server judges the codes"
        )
        yield Misfit(("volunteering", "check_in"), why, True)


def _unknown_project(document: _Table, at: _Path, project: object) -> Iterator[Misfit]:
    """Without a central server, the project must be one of [[projects]]; check only when all their ids are valid."""
    tables = _tables(document, "projects")
    ids = [id_ for each in tables if isinstance(id_ := each.get("id"), str)]
    if not isinstance(project, str) or _central(document) or not ids or len(ids) < len(tables):
        return
    if project not in ids:
        why = (
            f"没有 id 是它的 [[projects]](有 {', '.join(ids)}),也没有 [central] 的 url 来提供 "
            "no [[projects]] has this id, and there is no [central] url to provide it"
        )
        yield Misfit(at, why, project)


def _central(document: _Table) -> object:
    """Return a non-empty value when there is a central server, or may be one."""
    central = document.get("central", {})
    return central.get("url", "") if isinstance(central, Mapping) else central


def _repeated(values: Sequence[str | None], table: str, before: _Path, key: str = "") -> Iterator[Misfit]:
    first: dict[Hashable, int] = {}
    for number, value in enumerate(values):
        if value is not None and first.setdefault(value, number) != number:
            at = (*before, table, number, key) if key else (*before, table, number)
            same = f"{table}[{first[value]}]"
            yield Misfit(at, f"与 {same} 相同 is the same as {same}", value)


def _valid_identity(entry: _Table) -> str | None:
    """Return UUID/major/minor; None when one of them is invalid."""
    uuid, major, minor = (entry.get(key, INVALID) for key in ("uuid", "major", "minor"))
    return None if INVALID in (uuid, major, minor) else f"{UUID(uuid)}/{major}/{minor}"


def _table(document: _Table, key: str) -> _Table:
    found = document.get(key)
    return found if isinstance(found, Mapping) else {}


def _tables(document: _Table, key: str) -> list[_Table]:
    found = document.get(key)
    return [each if isinstance(each, Mapping) else {} for each in found] if isinstance(found, list) else []


def _strings(found: object) -> list[str | None]:
    return [_string(each) for each in found] if isinstance(found, list) else []


def _string(value: object) -> str | None:
    return value if isinstance(value, str) else None


def _shown(value: object) -> object:
    return None if value is INVALID else value
