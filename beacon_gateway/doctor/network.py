"""Checks of the network and the central server."""

from collections.abc import Iterator
from urllib.parse import urlsplit

from beacon_gateway.doctor.facts import CONFIGURATION, TRY_AGAIN, Facts, Problem
from beacon_gateway.doctor.machine import Answer

_OLD_CATALOGUE_S = 86_400
_LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1"})


def route(facts: Facts) -> Iterator[Problem]:
    if facts.central and not _has_route(facts) and urlsplit(facts.central).hostname not in _LOOPBACK:
        yield Problem(
            "route",
            "没有网络:检查网线或 Wi-Fi",
            "there is no network: check the cable or Wi-Fi",
            "nmcli device status",
            TRY_AGAIN,
        )


def dns(facts: Facts) -> Iterator[Problem]:
    if _has_route(facts) and facts.central and not _resolves(facts):
        host = urlsplit(facts.central).hostname
        yield Problem("dns", f"查不到 {host} 的地址", f"{host} has no address", f"resolvectl query {host}", TRY_AGAIN)


def server(facts: Facts) -> Iterator[Problem]:
    if not facts.central or not _has_route(facts) or not _resolves(facts):
        return
    answer = facts.machine.request(facts.central)
    if answer is Answer.none:
        yield Problem(
            "server",
            f"{facts.central} 没有回答",
            f"{facts.central} does not answer",
            f"curl -sS {facts.central}/healthz",
            TRY_AGAIN,
        )
    elif answer is Answer.bad_certificate:
        yield Problem(
            "tls",
            "服务器的证书不对:有人在中间,或本机时钟不对",
            "the server's certificate is not valid: a proxy intercepts it, or this device's clock is wrong",
            f"curl -sSv {facts.central}/healthz",
        )
    elif answer is Answer.redirect:
        yield Problem(
            "portal",
            "网络要求先登录(认证页面),请换网络或请网管放行",
            "the network asks for a login first (captive portal): use another one, or have the device admitted",
            f"curl -sSi {facts.central}/healthz",
        )


def enrolment(facts: Facts) -> Iterator[Problem]:
    if facts.settings is not None and not facts.central:
        yield Problem(
            "enrolment",
            "没有登记到中心服务器,记录留在本机",
            "not enrolled with a central server: records stay on this device",
            "sudo -u beacon-gateway beacon-gateway enrol",
            CONFIGURATION,
        )


def backlog(facts: Facts) -> Iterator[Problem]:
    if (facts.health or {}).get("delivery_stuck"):
        yield Problem(
            "backlog",
            "服务器有回答,但记录送不出去",
            "the server answers, but takes no records",
            "beacon-gateway sync log",
        )


def catalogue(facts: Facts) -> Iterator[Problem]:
    if facts.health is not None and facts.central and not facts.health.get("catalogue"):
        yield Problem(
            "catalogue",
            "还没有收到服务器的项目目录",
            "no catalogue was received from the server",
            "beacon-gateway sync log",
            TRY_AGAIN,
        )


def old_catalogue(facts: Facts) -> Iterator[Problem]:
    """The server may answer and its catalogue be refused, for example because its key was replaced."""
    age_s = (facts.health or {}).get("catalogue_age_s") or 0
    if age_s >= _OLD_CATALOGUE_S:
        hours = int(age_s) // 3600
        yield Problem(
            "old-catalogue",
            f"{hours} 小时没有核对过项目目录,屏幕上可能是旧的",
            f"the catalogue was last compared with the server's {hours} hours ago: the screen may show old projects",
            "journalctl -u beacon-gateway -g catalogue",
            TRY_AGAIN,
        )


def _has_route(facts: Facts) -> bool:
    rows = [line.split() for line in facts.machine.read("/proc/net/route").splitlines()[1:]]
    sixes = [line.split() for line in facts.machine.read("/proc/net/ipv6_route").splitlines()]
    by_six = any(row[0] == "0" * 32 and row[1] == "00" and row[-1] != "lo" for row in sixes)
    return by_six or any(row[1] == "00000000" for row in rows)


def _resolves(facts: Facts) -> bool:
    return facts.machine.run("getent", "ahosts", urlsplit(facts.central).hostname or "") is not None


CHECKS = (route, dns, server, enrolment, backlog, catalogue, old_catalogue)
