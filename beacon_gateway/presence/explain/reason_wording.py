"""Word the reason of a decision in English and in Chinese, from its facts. The only place of this wording for commands.

The pages for staff on site have their own wording, in kiosk_ui/templates/site_reason.html.
"""

from dataclasses import asdict
from typing import Final

from beacon_gateway.model.reasons import BeaconChosen, ChoiceCause, CloneEvidence, CloneSuspected, EdgesCrossed, Reason
from sync_contract.project_rules import PickReason

ENGLISH: Final = {
    # visits
    "first_frame": "first frame, {rssi} dBm, about {distance_m:.1f} m; far until there is evidence of nearer",
    "first_frame_without_rssi": "first frame, without RSSI",
    "first_rssi": "first RSSI, about {distance_m:.1f} m",
    "no_rssi": "no RSSI for {missing_s:g} s",
    "edge": "{evidence_s:.1f} s of clear evidence {side} {edge_m:g} m"
    " (required {required_s:.1f} s; recent crossings {recent_crossings:.1f})",
    "silence": "no frame for {silent_s:.3g} s, after {heard_s:.1f} s with frames",
    # the choice
    "nothing_near": "no beacon is near",
    "only_one_near": "no other beacon is near",
    "person_first": "a person's tag takes precedence over a place beacon",
    "nearest": "nearest of {of}; the next is {ahead_db:.1f} dB behind",
    "nearest_by_rssi": "nearest of {of}; the others have no RSSI",
    "equal_by_priority": "of {of} about equally near, the highest priority: {priority}, next {other}",
    "equal_by_need": "of {of} about equally near, the greatest need: {need:g}, next {other:g}",
    "equal_by_level": "of {of} about equally near, the strongest signal",
    "previous_gone": "the previous beacon has not been near for {absent_s:.1f} s (required {required_s:g} s)",
    "lead_by_level": "nearer than the previous beacon, now by {ahead_db:.1f} dB;"
    " {evidence_s:.1f} s of clear evidence (required {required_s:.1f} s)",
    "lead_by_rssi": "the previous beacon has had no RSSI for {evidence_s:.1f} s (required {required_s:.1f} s)",
    "lead_by_priority": "priority {priority}, previous {other}; about as near for {evidence_s:.1f} s"
    " (required {required_s:.1f} s)",
    "project_changed": "its project has changed",
    "person_tag": "a person's tag",
    "beacon_chosen": "{who} {name}, zone {zone}{distance}: {cause}",
    "person": "tag of class",
    "place": "place beacon",
    "distance": ", smoothed distance {distance_m:.1f} m (lags)",
    # which of several projects
    "highest_priority": "{project} has the highest priority: {priority}, next {other}",
    "only_open": "{project} is the only one of {of} open at {local:%H:%M}",
    "already_shown": "{project} is already shown",
    "greatest_need": "{project} has the greatest need: {need:g}, next {other:g}",
    "listed_first": "{project} is the first in the list of {of} equal ones",
    # why the screen stays
    "donation_in_progress": "a donation is in progress; the screen stays",
    "clone_suspected": "another transmitter seems to use its identity; the screen stays: {evidence}",
    "too_many_frames": "{frames} frames in {seconds:.1f} s, more than {limit:.0f}",
    "short_gaps": "{short} of {frames} frames came sooner than one transmitter can send every {interval_s:g} s",
    "impossible_moves": "RSSI changed {moves} times in {frames} frames by {least_db:.0f} dB within milliseconds",
    "two_levels": "RSSI jumped {jumps} times in {frames} frames between {low_dbm:.0f} and {high_dbm:.0f} dBm",
    "own_identity_heard": "our own identity, received while we do not send it or where we cannot receive it",
    "within": "within",
    "beyond": "beyond",
    "and": "; ",
}
CHINESE: Final = {
    "first_frame": "第一帧,{rssi} dBm,约 {distance_m:.1f} 米;在有更近的证据之前算作较远",
    "first_frame_without_rssi": "第一帧,没有信号强度",
    "first_rssi": "第一次有信号强度,约 {distance_m:.1f} 米",
    "no_rssi": "已有 {missing_s:g} 秒没有信号强度",
    "edge": "在 {edge_m:g} 米{side}的明确证据 {evidence_s:.1f} 秒"
    "(要求 {required_s:.1f} 秒,近来越界 {recent_crossings:.1f} 次)",
    "silence": "收到了 {heard_s:.1f} 秒,之后 {silent_s:.3g} 秒没有收到",
    "nothing_near": "附近没有信标",
    "only_one_near": "附近没有别的信标",
    "person_first": "随身卡优先于固定信标",
    "nearest": "{of} 个中最近,下一个弱 {ahead_db:.1f} dB",
    "nearest_by_rssi": "{of} 个中最近,其余没有信号强度",
    "equal_by_priority": "{of} 个差不多近,优先级最高:{priority},其次 {other}",
    "equal_by_need": "{of} 个差不多近,需要程度最高:{need:g},其次 {other:g}",
    "equal_by_level": "{of} 个差不多近,取信号最强的",
    "previous_gone": "之前的信标已有 {absent_s:.1f} 秒不在附近(要求 {required_s:g} 秒)",
    "lead_by_level": "比之前的更近,现在强 {ahead_db:.1f} dB;明确证据 {evidence_s:.1f} 秒(要求 {required_s:.1f} 秒)",
    "lead_by_rssi": "之前的已有 {evidence_s:.1f} 秒没有信号强度(要求 {required_s:.1f} 秒)",
    "lead_by_priority": "优先级 {priority},之前的 {other},差不多近已有 {evidence_s:.1f} 秒(要求 {required_s:.1f} 秒)",
    "project_changed": "它的项目变了",
    "person_tag": "因一张随身卡",
    "beacon_chosen": "{who} {name},{zone}{distance}:{cause}",
    "person": "随身卡",
    "place": "固定信标",
    "distance": ",平滑距离(滞后) {distance_m:.1f} 米",
    "immediate": "紧挨",
    "near": "附近",
    "far": "较远",
    "unknown": "距离未知",
    "highest_priority": "{project} 优先级最高:{priority},其次 {other}",
    "only_open": "{local:%H:%M} {of} 个中只有 {project} 开放",
    "already_shown": "{project} 已在显示",
    "greatest_need": "{project} 需要程度最高:{need:g},其次 {other:g}",
    "listed_first": "{of} 个相同,{project} 列在最前",
    "donation_in_progress": "有人正在捐款,屏幕不换",
    "clone_suspected": "它的信标疑似被仿冒,屏幕不换:{evidence}",
    "too_many_frames": "{seconds:.1f} 秒收到 {frames} 帧,超过 {limit:.0f} 帧",
    "short_gaps": "{frames} 帧中有 {short} 帧来得太快,每 {interval_s:g} 秒发一次的一个信标做不到",
    "impossible_moves": "{frames} 帧中信号有 {moves} 次在几毫秒内变化 {least_db:.0f} dB 以上,一个信标做不到",
    "two_levels": "{frames} 帧中信号在 {low_dbm:.0f} 和 {high_dbm:.0f} dBm 之间跳了 {jumps} 次",
    "own_identity_heard": "收到本站自己的标识,而本站没有发送或无法收到自己",
    "within": "以内",
    "beyond": "以外",
    "and": ";",
}


def word_in_both(reason: Reason | CloneEvidence) -> tuple[str, str]:
    """Return the reason in Chinese, then in English."""
    return word_reason(reason, CHINESE), word_reason(reason, ENGLISH)


def word_reason(
    reason: Reason | ChoiceCause | CloneEvidence | PickReason, words: dict[str, str], project: str = ""
) -> str:
    """Return the reason in the language of `words`. `project`: of a PickReason."""
    match reason:
        case EdgesCrossed():
            side = words["within" if reason.nearer else "beyond"]
            return words["and"].join(words["edge"].format(side=side, **asdict(edge)) for edge in reason.edges)
        case CloneSuspected():
            return words[reason.kind].format(evidence=word_reason(reason.evidence, words))
        case BeaconChosen():
            text = words[reason.kind].format(
                who=words["person" if reason.person else "place"],
                name=reason.name,
                zone=words.get(reason.zone, reason.zone),
                distance="" if reason.distance_m is None else words["distance"].format(distance_m=reason.distance_m),
                cause=word_reason(reason.cause, words),
            )
            if reason.selection is None:
                return text
            return text + words["and"] + word_reason(reason.selection, words, reason.project)
    return words[reason.kind].format(project=project, **asdict(reason))
