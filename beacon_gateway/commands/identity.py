"""beacon-gateway identity: print this gateway's id and public key."""

import sys
from pathlib import Path

from beacon_gateway.donations.ports import StoreUnavailable
from beacon_gateway.store.identity import FILE, open_identity
from daemonkit.state_owner import become_owner
from sync_contract.keys import public_text


def identity(state_dir: Path) -> int:
    """Print `<gateway id> <public key>`, the arguments of `beacon-central gateway add`. Return the exit code."""
    try:
        state_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
        become_owner(state_dir)
        found = open_identity(state_dir / FILE)
    except (StoreUnavailable, OSError) as error:
        print(f"beacon-gateway: {error}", file=sys.stderr)
        return 75
    print(found.gateway, public_text(found.key.public_key()))
    return 0
