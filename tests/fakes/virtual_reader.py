"""A real pcscd with the virtual reader of Debian's vsmartcard-vpcd, on which an NtagCard lies.

vpcd's protocol: each message has its length before it, two bytes; one byte alone is a control (0 off, 1 on, 2 reset,
4: send the ATR), anything else is a command. https://frankmorgner.github.io/vsmartcard/virtualsmartcard/api.html
"""

import os
import socket
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from threading import Thread
from time import sleep
from typing import IO

from beacon_gateway.nfc.ntag import CardRemoved
from tests.fakes.ntag_card import NtagCard
from tests.ports import own_port

LIBRARY = "/usr/lib/pcsc/drivers/serial/libifdvpcd.so"
ATR = bytes.fromhex("3b8f8001804f0ca000000306030003000000 0068")
"""A storage card on a contactless reader (PC/SC Part 3, 3.1.3.2.3.1)."""
SEND_ATR = b"\x04"


@dataclass(frozen=True, slots=True)
class VirtualReader:
    """`log`: what pcscd reports."""

    port: int
    log: IO[bytes]

    def wait_for(self, text: bytes) -> None:
        assert any(text in line for line in self.log), "pcscd ended"

    @contextmanager
    def holding(self, card: NtagCard) -> Iterator[None]:
        """Lay the card on the reader during the block. A card that is taken away closes the connection."""
        with socket.create_connection(("127.0.0.1", self.port)) as reader:
            answering = Thread(target=_answer, args=(reader, card))
            answering.start()
            self.wait_for(b"Card inserted")
            try:
                yield
            finally:
                with suppress(OSError):
                    reader.shutdown(socket.SHUT_RDWR)
                answering.join()
                self.wait_for(b"Card Removed")


@contextmanager
def running_pcscd(folder: Path) -> Iterator[VirtualReader]:
    """Run pcscd on its own /run/pcscd, in `folder`."""
    port = own_port()
    settings, run = folder / "readers", folder / "run"
    settings.mkdir()
    run.mkdir()
    (settings / "virtual").write_text(
        f'FRIENDLYNAME "Virtual"\nDEVICENAME /dev/null:{port:#x}\nLIBPATH {LIBRARY}\nCHANNELID {port:#x}\n'
    )
    script = 'mount -t tmpfs none /run && mkdir /run/pcscd && mount --bind "$1" /run/pcscd && shift && exec "$@"'
    apart = ["unshare", "--mount", *([] if os.geteuid() == 0 else ["--map-root-user"]), "sh", "-c", script, "sh"]
    line: list[str | Path] = [*apart, run, "pcscd", "--foreground", "--disable-polkit", "--info", "--config", settings]
    with subprocess.Popen(line, stdout=subprocess.PIPE, stderr=subprocess.STDOUT) as pcscd:
        assert pcscd.stdout is not None
        try:
            reader = VirtualReader(port, pcscd.stdout)
            reader.wait_for(b"daemon ready")
            while not _listens(run / "pcscd.comm"):  # it says so before it does
                assert pcscd.poll() is None, "pcscd ended"
                sleep(0.01)
            yield reader
        finally:
            pcscd.kill()  # it would first wait for its readers


def _listens(path: Path) -> bool:
    with socket.socket(socket.AF_UNIX) as probe:
        return probe.connect_ex(str(path)) == 0


def _answer(reader: socket.socket, card: NtagCard) -> None:
    with suppress(OSError, CardRemoved), reader.makefile("rb") as stream:
        while length := stream.read(2):
            command = stream.read(int.from_bytes(length))
            if len(command) > 1:
                answer = card.transmit(command)
            elif command == SEND_ATR:
                answer = ATR
            else:
                continue
            reader.sendall(len(answer).to_bytes(2) + answer)
    with suppress(OSError):
        reader.shutdown(socket.SHUT_RDWR)
