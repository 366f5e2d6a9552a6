"""Word the questions and results of `calibrate` in Chinese and English."""

from collections.abc import Sequence
from pathlib import Path

from beacon_gateway.calibration.measurement import Measurement, Spot, SpotKind
from beacon_gateway.calibration.proposal import Proposal, SpotForecast
from beacon_gateway.calibration.spot_names import name_spot
from beacon_gateway.calibration.walk_check import (
    MovedAway,
    NotReceived,
    TooFewFrames,
    WalkFault,
    WithoutRssi,
    WrongOrder,
    WrongTag,
)
from beacon_gateway.model.beacons import POWER_UNSET, Beacon
from beacon_gateway.presence.presence_rules import PresenceRules
from daemonkit.toml_edit import Change

BEFORE = (
    "校准:拿着一张卡,在几个位置各站一分钟。卡举在胸前,身体不要挡在卡和信息屏之间;在一掌之内慢慢移动卡。\n"
    "Calibration: hold a tag at several spots, one minute each. Hold it before your chest with no body between tag and "
    "kiosk, and move it slowly within a hand's breadth."
)
NO_TAGS = (
    '设置里没有随身卡,先写一段 kind = "person" 的 [[beacons]](beacon-gateway scan --foreign 可找到它的号码)\n'
    'The settings list no tag: add one to [[beacons]] with kind = "person" (beacon-gateway scan --foreign shows its '
    "numbers)"
)
PICTURE_TITLE = "校准之后的大厅 the hall after calibration"
NOTHING_CHANGED = "设置没有改动。 Nothing was changed."
GAVE_UP = "校准没有做完。 The calibration was not finished."
AGAIN = "再量一次这个位置吗? Measure this spot again? [Y/n]"
ACCEPT = "写入设置吗? Write these settings? [y/N]"
CALCULATING = "正在模拟屏幕会怎样切换 … Simulating how the screen would change …"
METRES_REFUSED = "要写 1.5 到 60 的米数,如 6.5 A number of metres from 1.5 to 60 is needed, such as 6.5"
_BAR = 24


def word_spot(spot: Spot, place: tuple[int, int], seconds: float) -> str:
    return (
        f"\n[{place[0]}/{place[1]}] 拿着卡站到 hold the tag {name_spot(spot)}, {seconds:g} 秒 s.\n"
        "      站好后按回车 press Enter when you are there:"
    )


def word_metres_question(kind: SpotKind) -> str:
    if kind is SpotKind.door:
        return "门离信息屏几米? How many metres is the door from the kiosk?"
    return "最远的墙离信息屏几米? How many metres is the farthest wall from the kiosk?"


def word_progress(elapsed_s: float, seconds: float, frames: int) -> str:
    return f"      {elapsed_s:.0f}/{seconds:.0f} s: {frames} 帧 frames"


def word_measurement(measurement: Measurement, tag: Beacon) -> str:
    levels, where = measurement.levels(), name_spot(measurement.spot)
    if not levels:
        return f"  {where}: 收不到 {tag.label},这也是结果 not received, which is a result too"
    each = ", ".join(
        f"{adapter} {level.dbm:.0f} ± {max(1.0, level.spread_db):.0f} dBm ({level.frames} 帧 frames)"
        for adapter, level in levels.items()
    )
    return f"  {where}: {tag.label}: {each}"


def word_unknown_tag(text: str, tags: Sequence[Beacon]) -> str:
    known = ", ".join(f"{tag.id.major}/{tag.id.minor} {tag.label}" for tag in tags)
    return f"--tag {text}: 设置里没有这张卡,有的是 the settings do not list this tag; they list {known or '–'}"


def word_fault(fault: WalkFault) -> str:
    """Return cause and remedy."""
    where = name_spot(fault.spot)
    match fault:
        case NotReceived():
            return (
                f"✗ {where}: 一帧也没有收到。看卡是否开着、电池是否有电、号码是否与设置一致。\n"
                "  not received at all. Check that the tag is on, its battery, and that its numbers are in the "
                "settings (beacon-gateway scan --foreign)."
            )
        case WithoutRssi():
            return (
                f"✗ {where}: 收得到卡,但没有信号强度。换一个蓝牙适配器再试。\n"
                "  the tag is received without signal strength. Use another Bluetooth adapter."
            )
        case TooFewFrames(_, frames, required):
            return (
                f"✗ {where}: 只收到 {frames} 帧,至少要 {required} 帧。换电池,或站得更久(--seconds 120)。\n"
                f"  only {frames} frames, at least {required} are needed. Replace the battery, or stay longer "
                "(--seconds 120)."
            )
        case WrongTag(_, label, louder_db):
            return (
                f"✗ {where}: “{label}”比所选的卡强 {louder_db:.0f} dB。手里拿的是不是它?"
                "把别的卡拿远,或用 --tag 选它。\n"
                f'  "{label}" is {louder_db:.0f} dB louder than the selected tag. Is it the one in your hand? '
                "Take other tags away, or select it with --tag."
            )
        case MovedAway(_, loudest_dbm, quietest_dbm):
            return (
                f"✗ {where}: 信号在一次测量里从 {loudest_dbm:.0f} 变到 {quietest_dbm:.0f} dBm:"
                "走开了,或有人挡着。站住再量。\n"
                f"  the signal changed between {loudest_dbm:.0f} and {quietest_dbm:.0f} dBm: you moved away, or "
                "somebody stood in between. Stay there and measure again."
            )
        case WrongOrder(nearer, farther, louder_db):
            return (
                f"✗ {name_spot(farther)} 比 {name_spot(nearer)} 还强 {louder_db:.0f} dB:位置弄反了、距离写错了,"
                "或近处有东西挡着天线。再走一遍。\n"
                f"  the farther spot is {louder_db:.0f} dB louder: spots were exchanged, a distance is wrong, or "
                "something covers the antenna. Walk again."
            )


def word_proposal(proposal: Proposal, before: PresenceRules, tag: Beacon) -> str:
    """Return what was measured, the proposed settings and the forecast as a plain figure."""
    fit, rules = proposal.fit, proposal.rules
    several = any(spot.measurement.spot.kind is SpotKind.neighbour for spot in proposal.spots)
    lines = [
        "",
        f"1 米处的信号 signal at 1 m: {fit.power.value:.1f} ± {fit.power.within:.1f} dBm  (90 %)",
        f"路径损耗指数 path-loss exponent: {fit.exponent.value:.2f} ± {fit.exponent.within:.2f}",
    ]
    lines += [
        f"{adapter}: 比最好的适配器弱 below the best adapter: {loss.value:.1f} ± {loss.within:.1f} dB"
        for adapter, loss in fit.losses_db.items()
        if len(fit.losses_db) > 1
    ]
    power = "自报 announced" if tag.measured_power == POWER_UNSET else tag.measured_power
    lines += [
        "",
        "建议 proposal                               现在 now → 建议 proposed",
        f"  immediate_m (紧挨 immediate)              {before.immediate_m:g} → {rules.immediate_m:g}",
        f"  near_m (附近 near)                        {before.near_m:g} → {rules.near_m:g}",
        f"  path_loss_exponent                        {before.path_loss_exponent:g} → {rules.path_loss_exponent:g}",
        f"  measured_power                            {power} → {proposal.power}",
        *(
            [f"  retreat_s, stay_s                         {rules.retreat_s:g}, {proposal.choice.stay_s:g}"]
            if several
            else []
        ),
        "",
        "用这些设置,有人站在那里一小时,屏幕会错换几次?",
        "With these settings, how often does the screen change wrongly while somebody stands there for an hour?",
    ]
    lines += [_forecast_line(spot) for spot in proposal.spots]
    if proposal.good:
        lines.append("✓ 可以接受 acceptable")
    if any(spot.expected and not spot.good for spot in proposal.spots):
        lines.append(
            "△ 站在信息屏前,屏幕有时会丢:换一张发得更勤、更强的卡,或换个方向装天线\n"
            "  the screen is sometimes lost while somebody stands at the kiosk: use a tag that sends more often or "
            "stronger, or turn the antenna"
        )
    if any(not spot.expected and not spot.good for spot in proposal.spots):
        lines.append(
            "△ 站在远处也会换屏:把信息屏移开那里,或在中间加金属隔板,再量一次\n"
            "  the screen changes for people who stand elsewhere: move the kiosk away from there, or put metal in "
            "between, and measure again"
        )
    return "\n".join(lines)


def _forecast_line(spot: SpotForecast) -> str:
    wrong = min(1.0, spot.wrong_share)
    bar = "█" * round(_BAR * (1 - wrong if spot.expected else wrong))
    shown = f"{spot.forecast.shown_share:4.0%}"
    mark = "✓" if spot.good else "△"
    return (
        f"  {mark} {name_spot(spot.measurement.spot)}\n"
        f"      项目在屏上 shown {shown} |{bar:<{_BAR}}|  错换 wrong changes {spot.wrong_per_hour:.0f}/h"
    )


def word_written(config: Path, changes: Sequence[Change]) -> str:
    if not changes:
        return f"{config}: 设置已经是这样 the settings are already like this"
    lines = [f"{config}: 已写入 written"]
    lines += [f"  {change}" for change in changes]
    lines.append("重启后生效 takes effect after a restart: sudo systemctl restart beacon-gateway")
    return "\n".join(lines)


def word_picture(file: Path) -> str:
    return f"{file}: 已画图,用浏览器打开 picture written; open it in a browser"


def word_no_picture(file: Path, error: OSError) -> str:
    return f"{file}: 图写不了 the picture cannot be written: {error.strerror}"


def word_power_elsewhere(tag: Beacon, power: int) -> str:
    return (
        f"{tag.label}: 这张卡登记在中心服务器上,请工作人员把它的 1 米功率改为 {power} dBm\n"
        f"  this tag is known from the central server: have staff set its power at 1 m to {power} dBm there"
    )
