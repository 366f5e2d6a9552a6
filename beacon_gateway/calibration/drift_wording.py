"""Word the state of the hall for staff, in Chinese and English."""

from beacon_gateway.model.hall_status import DriftCause, HallState, HallStatus

_STATES = {
    HallState.not_calibrated: (
        "还没有校准:在大厅里走一遍 beacon-gateway calibrate",
        "not calibrated yet: walk through the hall with beacon-gateway calibrate",
    ),
    HallState.waiting: ("还没有收到校准过的信标", "no calibrated beacon has been received yet"),
    HallState.accepted: ("与校准时一样", "as accepted at the calibration"),
}
_CAUSES = {
    DriftCause.beacon: (
        "这个信标的信号变了:电池快没电了,或它被移动、遮住了。换电池,放回原处;还不行就重新校准。",
        "the signal of this beacon changed: its battery is low, or it was moved or covered. Replace the battery and "
        "put it back; otherwise calibrate again.",
    ),
    DriftCause.adapter: (
        "这个蓝牙适配器收到的信号变了:看天线和插头,或重新校准。",
        "what this Bluetooth adapter receives changed: check its antenna and plug, or calibrate again.",
    ),
    DriftCause.hall: (
        "大厅变了(家具、隔断),或信息屏被移动了:重新校准。",
        "the hall changed (furniture, partitions), or the kiosk was moved: calibrate again.",
    ),
}


def word_hall(status: HallStatus) -> dict[str, str]:
    """Return one sentence for each language, with its key."""
    if status.cause is None:
        chinese, english = _STATES[status.state]
        return {"zh": chinese, "en": english}
    each = ", ".join(
        f"{drift.label} {drift.adapter} {drift.accepted_dbm:.0f} → {drift.now_dbm:.0f} dBm" for drift in status.drifts
    )
    chinese, english = _CAUSES[status.cause]
    return {"zh": f"{each}:{chinese}", "en": f"{each}: {english}"}
