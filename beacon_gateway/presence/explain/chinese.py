"""The reason of a decision in Chinese, from its English words. What is not known here has none."""

import re

_N = r"-?[0-9.]+(?:e-?[0-9]+)?"
_ZONES = {"immediate": "紧挨", "near": "附近", "far": "较远", "unknown": "距离未知"}
_KNOWN = {
    # of a visit
    rf"first frame, at (?P<dbm>{_N}) dBm, about (?P<m>{_N}) m \(.*\)": "第一帧,{dbm} dBm,约 {m} 米",
    r"far until there is evidence of nearer": "在有更近的证据之前算作较远",
    r"first frame, without RSSI": "第一帧,没有信号强度",
    rf"first RSSI: about (?P<m>{_N}) m \(.*\)": "第一次有信号强度,约 {m} 米",
    rf"no RSSI for (?P<s>{_N}) s": "已有 {s} 秒没有信号强度",
    rf"silent for (?P<s>{_N}) s after (?P<dwell>{_N}) s of being heard": "收到了 {dwell} 秒,之后 {s} 秒没有声音",
    rf"(?P<s>{_N}) s of clear evidence within (?P<m>{_N}) m \((?P<asked>{_N}) s asked, (?P<n>{_N}) crossings lately\)":
    "在 {m} 米以内的明确证据 {s} 秒(要求 {asked} 秒,近来越界 {n} 次)",
    rf"(?P<s>{_N}) s of clear evidence beyond (?P<m>{_N}) m \((?P<asked>{_N}) s asked, (?P<n>{_N}) crossings lately\)":
    "在 {m} 米以外的明确证据 {s} 秒(要求 {asked} 秒,近来越界 {n} 次)",
    # of what is shown
    r"nothing is near": "附近没有信标",
    r"nothing else is near": "附近没有别的信标",
    r"a person's tag outranks a place beacon": "随身卡优先于固定信标",
    r"a person's tag": "因一张随身卡",
    rf"nearest of (?P<of>[0-9]+): the next is (?P<db>{_N}) dB behind": "{of} 个中最近,下一个弱 {db} dB",
    r"nearest of (?P<of>[0-9]+): none of the others has an RSSI": "{of} 个中最近,其余没有信号强度",
    rf"priority (?P<own>{_N}) against (?P<other>{_N}), of (?P<of>[0-9]+) about equally near":
    "{of} 个差不多近,优先级 {own} 对 {other}",
    rf"priority (?P<own>{_N}) against (?P<other>{_N}), and about as near for (?P<s>{_N}) s \((?P<asked>{_N}) s asked\)":
    "优先级 {own} 对 {other},差不多近已有 {s} 秒(要求 {asked} 秒)",
    rf"need (?P<own>{_N}) against (?P<other>{_N}), of (?P<of>[0-9]+) about equally near":
    "{of} 个差不多近,需要程度 {own} 对 {other}",
    r"nearest, by level and then by identity, of (?P<of>[0-9]+) about equally near": "{of} 个差不多近,取信号最强的",
    rf"(?:nothing is near: )?the beacon before it has not been near for (?P<s>{_N}) s \((?P<asked>{_N}) s asked\)":
    "之前的信标已有 {s} 秒不在附近(要求 {asked} 秒)",
    rf"nearer by (?P<by>{_N}) dB, more than (?P<db>{_N}) dB for (?P<s>{_N}) s \((?P<asked>{_N}) s asked\)":
    "比之前的近 {by} dB,近 {db} dB 以上已有 {s} 秒(要求 {asked} 秒)",
    rf"nearer by more than (?P<db>{_N}) dB for (?P<s>{_N}) s \((?P<asked>{_N}) s asked\)":
    "之前的没有信号强度,近 {db} dB 以上已有 {s} 秒(要求 {asked} 秒)",
    r"it now brings another project": "它现在带来另一个项目",
    r"somebody is giving": "有人正在捐款,屏幕不换",
    r"its beacon seems to be cloned: (?P<why>.*)": "它的信标疑似被仿冒",
    # of several projects
    rf"(?P<project>\S+) has priority (?P<own>{_N}) against (?P<other>{_N})": "{project} 优先级 {own} 对 {other}",
    r"(?P<project>\S+) is the only one of (?P<of>[0-9]+) at (?P<hour>[0-9:]+)": "{hour} {of} 个中只有 {project} 开放",
    rf"(?P<project>\S+) needs (?P<own>{_N}) against (?P<other>{_N})": "{project} 需要程度 {own} 对 {other}",
    r"(?P<project>\S+) is shown already": "{project} 已在显示",
    r"(?P<project>\S+) is listed first of (?P<of>[0-9]+) alike": "{of} 个相同,{project} 列在最前",
}  # fmt: skip
_CLAUSES = [(re.compile(pattern), words) for pattern, words in _KNOWN.items()]
_WHO = re.compile(
    rf"(?P<who>tag of class|place beacon) (?P<name>.*), zone (?P<zone>[a-z]+),"
    rf" (?:distance unknown|smoothed distance (?P<m>{_N}) m \(lags\)): (?P<rest>.*)",
    re.DOTALL,
)


def chinese(reason: str) -> str:
    """Empty when one of its parts has no Chinese words here: half a reason would mislead."""
    head = ""
    if found := _WHO.fullmatch(reason):
        who = "随身卡" if found["who"] == "tag of class" else "固定信标"
        zone = _ZONES.get(found["zone"], found["zone"])
        metres = f",平滑距离(滞后) {found['m']} 米" if found["m"] else ""
        head, reason = f"{who} {found['name']},{zone}{metres}:", found["rest"]
    parts = [_clause(part) for part in re.split(r"; | and (?=[0-9.]+ s of clear)", reason)]
    return head + ";".join(parts) if all(parts) else ""


def _clause(text: str) -> str:
    for pattern, words in _CLAUSES:
        if found := pattern.fullmatch(text):
            return words.format(**found.groupdict())
    return ""
