"""The gateway's settings file: which settings are in use, and what SIGHUP makes of a changed file."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import structlog

from beacon_gateway.commands.effective_settings import load_settings, read_enrolled_central
from beacon_gateway.settings import Settings
from beacon_gateway.store.good_settings import LAST_GOOD, find_good_settings, store_good_settings
from daemonkit import toml

log = structlog.get_logger()
_ENVIRONMENT = (
    "改环境要换状态文件夹并重新启动 another environment needs another state folder and a restart:"
    " sudo systemctl restart beacon-gateway"
)
_PORT = "这个地址不能监听,请改地址或端口 cannot be listened on; change kiosk.host or kiosk.port"


@dataclass(slots=True)
class SettingsFile:
    """`refused`: the faults of the file while other settings are in use; else empty.

    `override` applies the values of the command line. `changed` is set when the gateway must start with the file anew.
    """

    path: Path
    state_dir: Path
    override: Callable[[Settings], Settings]
    refused: tuple[str, ...] = ()
    changed: asyncio.Event = field(default_factory=asyncio.Event)

    def load(self) -> tuple[Settings, Callable[[], None]]:
        """Return the file's settings; if it is invalid, the last good ones that are still valid.

        Raises ConfigRefused of the file if there are none.

        The kiosk stays available. The second value stores the file as the last good settings: call it only when they
        have worked, because a valid file may still name an address that cannot be bound.
        """
        self.refused = ()
        try:
            settings = self.override(load_settings(self.path, self.state_dir))
            content = self.path.read_bytes()
        except toml.ConfigRefused as refused:
            good = self._load_good()
            if good is None:
                raise
            settings, used = good
            self._refuse(refused, using=str(used))
            return settings, lambda: None

        def confirm() -> None:
            try:
                store_good_settings(self.state_dir, content)
            except OSError as error:
                log.warning("settings.not_saved", file=str(self.state_dir / LAST_GOOD), reason=error.strerror)

        return settings, confirm

    def _load_good(self) -> tuple[Settings, Path] | None:
        fill = read_enrolled_central(self.state_dir)
        for file in find_good_settings(self.state_dir):
            try:
                return self.override(toml.load(file, Settings, fill=fill)), file
            except toml.ConfigRefused as refused:
                log.warning("settings.good_refused", file=str(file), faults=[str(each) for each in refused.faults])
        return None

    async def reload(self, running: Settings) -> None:
        """Validate the file; request a start with it if it differs from `running`, or refuse it and go on."""
        try:
            new = await asyncio.to_thread(lambda: self.override(load_settings(self.path, self.state_dir)))
            if new.site.environment is not running.site.environment:
                raise self._misfit("site.environment", _ENVIRONMENT, new.site.environment)
            await self._check_address(new, running)
        except toml.ConfigRefused as refused:
            self._refuse(refused, using="the running settings")
            return
        self.refused = ()
        log.info("settings.reloaded", file=str(self.path), changed=new != running)
        if new != running:
            self.changed.set()

    async def _check_address(self, new: Settings, running: Settings) -> None:
        host, port = new.kiosk.host, new.kiosk.port
        if (host, port) == (running.kiosk.host, running.kiosk.port):
            return
        if port == running.kiosk.port:
            port = 0  # the running gateway may occupy it
        try:
            server = await asyncio.get_running_loop().create_server(asyncio.Protocol, host, port)
        except OSError as error:
            raise self._misfit(
                "kiosk.host" if port == 0 else "kiosk.port", _PORT, f"{host}:{new.kiosk.port}"
            ) from error
        server.close()
        await server.wait_closed()

    def _misfit(self, key: str, reason: str, got: str) -> toml.ConfigRefused:
        section, name = key.split(".")
        return toml.ConfigRefused(toml.locate(self.path, Settings, [toml.Misfit((section, name), reason, got)]))

    def _refuse(self, refused: toml.ConfigRefused, using: str) -> None:
        self.refused = tuple(str(each) for each in refused.faults)
        log.error("settings.refused", file=str(self.path), faults=self.refused, using=using)
