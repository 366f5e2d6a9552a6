"""beacon-gateway init: write a commented settings file to start from."""

import sys
import tomllib
import uuid
from pathlib import Path

from daemonkit.files import write_new

FAILURE = 1


def init(config: Path, template: Path) -> int:
    """Write the commented settings with a UUID of its own; an existing file stays unchanged. Return the exit code."""
    try:
        text = template.read_text("utf-8")
        shared = tomllib.loads(text)["advertise"]["uuid"]
    except (OSError, ValueError, LookupError) as error:
        print(f"{template}: 样板不能用 the template is unusable: {error}", file=sys.stderr)
        print(
            "请重装软件包,或用 --template 指明另一份 Reinstall the package, or name another --template", file=sys.stderr
        )
        return FAILURE
    try:
        config.parent.mkdir(parents=True, exist_ok=True)
        written = write_new(config, text.replace(shared, str(uuid.uuid4())).encode(), mode=0o644)
    except OSError as error:
        print(f"{config}: 写不了 cannot be written: {error.strerror}", file=sys.stderr)
        print("请加 sudo,或用 --config 指明别处 Use sudo, or name another --config", file=sys.stderr)
        return FAILURE
    if not written:
        print(f"{config}: 已经存在,没有改动 exists, not changed")
        return 0
    print(f"{config}: 已写好,里面有新生成的 UUID written, with a new UUID")
    print("请填好,再检查 Edit it, then check it:")
    print(f"  beacon-gateway check-config {config}")
    return 0
