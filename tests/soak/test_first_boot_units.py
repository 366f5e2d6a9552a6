"""Boot systemd with the package's units: a bundle on the boot partition becomes a running gateway, then a backup of it
a running one on another card. On a writable layer above this machine's root, in namespaces; root is needed.

The kiosk's browser is replaced by a program that sleeps; everything else is the units and programs as shipped.
"""

import asyncio
import os
import shutil
import sys
from pathlib import Path

import pytest

from central_server.store.enrolment import gateways
from sync_contract.enrolment_bundle import BUNDLE_FILE
from tests.fakes.central_process import running_bank, running_central
from tests.fakes.enrolling_device import code_for
from tests.paths import ROOT
from tests.unit.beacon_gateway.setup.test_first_boot import bundle_for

PREPARE = """
set -eu
mount -t tmpfs tmpfs {layer}
mkdir {layer}/changed {layer}/work {layer}/root
mount -t overlay overlay -o lowerdir=/,upperdir={layer}/changed,workdir={layer}/work {layer}/root
cd {layer}/root
mount -t proc proc proc
mount -t tmpfs tmpfs run
mount -t tmpfs tmpfs tmp
mount -t tmpfs tmpfs sys
mkdir -p sys/fs/cgroup
mount -t cgroup2 none sys/fs/cgroup
mount --bind /dev dev
mkdir -p srv/tree srv/site srv/shared opt/beacon-gateway/bin boot/firmware etc/beacon-gateway usr/share/beacon-gateway
mount --bind {tree} srv/tree
mount --bind {site} srv/site
mount --bind {shared} srv/shared
rm -rf etc/systemd/system/* var/lib/beacon-gateway
cp srv/shared/units/* etc/systemd/system/
cp srv/shared/program opt/beacon-gateway/bin/beacon-gateway
cp {tree}/systemd/beacon-gateway.sysusers usr/lib/sysusers.d/beacon-gateway.conf
cp {tree}/config/gateway.toml etc/beacon-gateway/
cp srv/shared/*.toml boot/firmware/ 2>/dev/null || true
chroot . systemd-sysusers
exec env -i PATH=/usr/sbin:/usr/bin container=lxc chroot . /lib/systemd/systemd --system --unit=test.target \
    --log-target=null --show-status=no
"""
TARGET = "[Unit]\nWants=beacon-first-boot.service beacon-gateway.service report.service\n"
REPORT = """[Unit]
DefaultDependencies=no
[Service]
Type=oneshot
ExecStart=/bin/sh /srv/shared/report.sh
StandardOutput=file:/srv/shared/report.log
StandardError=file:/srv/shared/report.log
"""
FIRST = """
seen=
until systemctl is-active --quiet beacon-gateway && test ! -e /var/lib/beacon-gateway/first-boot.json; do
    systemctl is-active --quiet beacon-kiosk && ! systemctl is-active --quiet beacon-gateway && seen=yes
    sleep 0.05
done
echo "kiosk before the gateway: $seen"
ls /boot/firmware /etc/systemd/system/multi-user.target.wants /etc/beacon-gateway
readlink /etc/localtime
systemctl is-active beacon-kiosk
/opt/beacon-gateway/bin/beacon-gateway backup /srv/shared/backup.tar
systemctl exit 0 --force
"""
SECOND = """
/opt/beacon-gateway/bin/beacon-gateway restore /srv/shared/backup.tar CODE
echo "restored: $?"
systemctl start beacon-gateway
systemctl is-active beacon-gateway
stat -c '%U %a %n' /var/lib/beacon-gateway/identity.json /var/lib/beacon-gateway/gateway.db
systemctl exit 0 --force
"""
BROWSER = "[Service]\nExecStart=/bin/sleep 1000\n[Install]\nWantedBy=multi-user.target\n"
PROGRAM = '#!/bin/sh\nPYTHONPATH=/srv/tree:/srv/site exec {python} -P -m beacon_gateway "$@"\n'
LIMIT_S = 60
"""Also ends a boot in which a unit fails again and again; the report then lacks its last lines."""


async def boot(folder: Path, script: str, **files: str) -> str:
    """Boot until the script ends the system; return its output. `files`: for the boot partition, without suffix."""
    shared, layer = folder / "shared", folder / "layer"
    shared.mkdir(exist_ok=True)
    shutil.rmtree(shared / "units", ignore_errors=True)
    (shared / "units").mkdir()
    layer.mkdir(exist_ok=True)
    for unit in ("beacon-first-boot", "beacon-gateway", "beacon-kiosk"):
        text = (ROOT / "systemd" / f"{unit}.service").read_text("utf-8")
        if unit == "beacon-kiosk":
            text = text.split("[Service]")[0] + BROWSER
        # User namespaces need a machine whose systemd may make them; a container's may not.
        text = text.replace("PrivateUsers=yes\n", "")
        (shared / "units" / f"{unit}.service").write_text(text, "utf-8")
    (shared / "units" / "test.target").write_text(TARGET)
    (shared / "units" / "report.service").write_text(REPORT)
    (shared / "report.sh").write_text(script)
    (shared / "program").write_text(PROGRAM.format(python=Path(sys.executable).resolve()))
    (shared / "program").chmod(0o755)
    for name, content in files.items():
        (shared / f"{name}.toml").write_text(content, "utf-8")
    site = Path(pytest.__file__).parent.parent
    words = PREPARE.format(layer=layer, tree=ROOT, site=site, shared=shared)
    namespaces = ("unshare", "--mount", "--pid", "--fork", "--kill-child", "--cgroup", "--ipc", "--uts")
    process = await asyncio.create_subprocess_exec(*namespaces, "sh", "-c", words)
    try:
        async with asyncio.timeout(LIMIT_S):
            await process.wait()
    finally:
        if process.returncode is None:
            process.kill()
    for name in files:
        (shared / f"{name}.toml").unlink()
    report = shared / "report.log"
    return report.read_text("utf-8") if report.exists() else ""


async def test_a_card_boots_to_a_gateway_and_its_backup_to_another(tmp_path: Path) -> None:
    if os.geteuid() != 0:
        pytest.fail("systemd as the first process needs root: sudo ./dev soak tests/soak/test_first_boot_units.py")
    async with running_bank(tmp_path / "bank") as bank, running_central(tmp_path / "central", bank) as central:
        gateway, text = await bundle_for(central)
        report = await boot(tmp_path, FIRST, **{BUNDLE_FILE.removesuffix(".toml"): text})
        assert "kiosk before the gateway: yes" in report, "the kiosk shows the first boot's page"
        assert BUNDLE_FILE not in report, "erased"
        for words in ("beacon-gateway.service", "beacon-kiosk.service", "Asia/Shanghai", "toml.before-first-boot"):
            assert words in report
        assert "\nactive\n" in report
        async with central.database() as database:
            code = await code_for(database, gateway.id)
        report = await boot(tmp_path, SECOND.replace("CODE", code))
        assert "restored: 0" in report, report
        assert f"enrolled: 大厅 ({gateway.id})" in report
        assert "\nactive\n" in report
        assert "beacon-gateway 600 /var/lib/beacon-gateway/identity.json" in report
        async with central.database() as database, database.read() as connection:
            keys = await gateways.keys(connection, gateway.id)
        assert len(keys) == 2, "one for each card"
