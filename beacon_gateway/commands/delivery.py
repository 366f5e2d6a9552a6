"""beacon-gateway sync push: deliver the outbox now, through the running gateway."""

import json
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from beacon_gateway.commands.daemon_client import (
    DELIVERY_TIMEOUT_S,
    NotRunning,
    find_address,
    post_json,
)
from beacon_gateway.commands.effective_settings import describe_unreadable
from beacon_gateway.commands.enrol_wording import BARRED
from beacon_gateway.commands.parcel_wording import REASONS
from beacon_gateway.model.delivery import DeliveryEnd, DeliveryResult
from beacon_gateway.store.good_settings import LAST_GOOD
from daemonkit.toml import ConfigRefused

FAILURE, TRY_AGAIN, CONFIGURATION = 1, 75, 78
ENDS = {
    DeliveryEnd.complete: "都送到了 everything was delivered",
    DeliveryEnd.unreachable: "连不上中心服务器,会自动重试 server unreachable; the gateway retries automatically",
    DeliveryEnd.not_accepted: "中心服务器不接受这台网关 the server does not accept this gateway",
    DeliveryEnd.no_server: "没有设置中心服务器,记录留在本机 no central server is configured; the records stay here",
    DeliveryEnd.no_store: "本机的记录打不开 the records of this device cannot be opened",
    DeliveryEnd.unfinished: "还没有送完,网关继续发送 not finished yet; the gateway goes on sending",
}
_CODES = {
    DeliveryEnd.complete: 0,
    DeliveryEnd.not_accepted: FAILURE,
    DeliveryEnd.no_server: CONFIGURATION,
}


def push(state_dir: Path, url: str, as_json: bool) -> int:
    """Return the exit code: 0 if nothing waits any more, 1 if the server refused parcels or does not accept this
    gateway, 75 if it cannot be reached or no gateway runs, 78 if no server is configured.
    """
    return request_delivery(state_dir, url, (), False, as_json)


def request_delivery(state_dir: Path, url: str, retry: Sequence[str], retry_all: bool, as_json: bool) -> int:
    """Put refused parcels back, deliver, and print the result. `retry`: complete ids. Return the code of `push`."""
    if problem := "" if url else describe_unreadable(state_dir):
        print(problem, file=sys.stderr)
        return FAILURE
    try:
        base = url or find_address(state_dir / LAST_GOOD, state_dir)
        if sys.stderr.isatty():
            print("正在发送 sending …", file=sys.stderr)
        body = {"retry": list(retry), "retry_all": retry_all}
        result = _read_result(post_json(base, "/api/v1/delivery", body, timeout_s=DELIVERY_TIMEOUT_S))
    except ConfigRefused:
        print("beacon-gateway: 网关还没有在这里运行过 no gateway has run here yet", file=sys.stderr)
        return TRY_AGAIN
    except NotRunning as error:
        print(f"beacon-gateway: {error}", file=sys.stderr)
        print("  启动网关 start it: sudo systemctl start beacon-gateway", file=sys.stderr)
        return TRY_AGAIN
    except (KeyError, TypeError, ValueError) as error:
        print(f"beacon-gateway: 网关是别的版本 the gateway has another version: {error}", file=sys.stderr)
        return TRY_AGAIN
    print(_to_json(result) if as_json else _word(result))
    return FAILURE if result.end is DeliveryEnd.complete and result.refused else _CODES.get(result.end, TRY_AGAIN)


def _read_result(found: Mapping[str, Any]) -> DeliveryResult:
    counts = {name: int(found[name]) for name in ("delivered", "refused", "waiting", "requeued")}
    return DeliveryResult(DeliveryEnd(found["end"]), reason=str(found["reason"]), **counts)


def _to_json(result: DeliveryResult) -> str:
    names = ("end", "delivered", "refused", "waiting", "requeued", "reason")
    return json.dumps({name: getattr(result, name) for name in names}, ensure_ascii=False)


def _word(result: DeliveryResult) -> str:
    lines = [
        f"已送达 delivered: {result.delivered}",
        f"等待发送 waiting: {result.waiting}",
    ]
    if result.requeued:
        lines.insert(0, f"重新发送 sent again: {result.requeued}")
    if result.refused:
        lines.append(f"被拒收 refused: {result.refused}  (beacon-gateway outbox list)")
    end = ENDS[result.end]
    if result.end is DeliveryEnd.complete and result.refused:
        end = "有记录被拒收,已留在本机 the server refused some; they stay on this device"
    elif result.end is DeliveryEnd.complete and not result.delivered:
        end = "没有要送的 nothing waited"
    reason = "" if result.reason in BARRED else REASONS.get(result.reason, result.reason)
    lines.append(f"{end} ({reason})" if reason else end)
    lines += [f"  {sentence}" for sentence in BARRED.get(result.reason, ())]
    return "\n".join(lines)
