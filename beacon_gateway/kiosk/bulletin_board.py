"""Hold the bulletin that the screen shows; none once it is 24 hours old, or while the time is uncertain."""

from base64 import b64decode
from collections.abc import Callable
from datetime import datetime
from hashlib import sha256

from sync_contract.bulletin import Bulletin


class BulletinBoard:
    """`now`: the trusted time, None while it is uncertain. `changed`: called when the first page looks different."""

    def __init__(self, now: Callable[[], datetime | None], changed: Callable[[], None]) -> None:
        self._now = now
        self._changed = changed
        self._bulletin: Bulletin | None = None

    def current(self) -> Bulletin | None:
        now = self._now()
        bulletin = self._bulletin
        return bulletin if bulletin is not None and now is not None and bulletin.valid_at(now) else None

    def take(self, bulletin: Bulletin) -> bool:
        """Show it, unless it is older than the one that there is; return whether it is shown."""
        before = self._bulletin
        if before is not None and bulletin.issued_at < before.issued_at:
            return False
        self._bulletin = bulletin
        if before is None:
            self._changed()
        return True

    def drop_expired(self) -> bool:
        """Forget a bulletin whose 24 hours have passed; return whether there was one."""
        now = self._now()
        if self._bulletin is None or now is None or self._bulletin.valid_at(now):
            return False
        self._bulletin = None
        self._changed()
        return True

    def picture(self, digest: str) -> bytes | None:
        """Return the JPEG of a highlight by the SHA-256 of its base64; None when it is not shown (any more)."""
        bulletin = self.current()
        shown = bulletin.highlights if bulletin is not None else ()
        found = next((each for each in shown if each.picture and picture_digest(each.picture) == digest), None)
        return b64decode(found.picture) if found is not None else None


def picture_digest(picture: str) -> str:
    return sha256(picture.encode()).hexdigest()
