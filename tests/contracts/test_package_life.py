"""Install, upgrade, remove and purge a package with dpkg, on a writable layer above this machine's root."""

import os
import subprocess
from pathlib import Path

import pytest

from debian.build import own_architecture, pack
from debian.package import PACKAGES, Package

ON_A_COPY = """
set -e
mount -t tmpfs tmpfs {layer}
mkdir {layer}/changed {layer}/work {layer}/root
mount -t overlay overlay -o lowerdir=/,upperdir={layer}/changed,workdir={layer}/work {layer}/root
mount -t proc proc {layer}/root/proc
mount -t tmpfs tmpfs {layer}/root/run
mkdir {layer}/root/debs
cp {debs}/*.deb {layer}/root/debs
exec chroot {layer}/root sh -euc '{script}' </dev/null
"""
LIFE = """
dpkg -i --force-depends --force-unsafe-io /debs/{name}_1_*.deb
cmp {settings} /{template}
systemctl enable --quiet {units}
echo "# edited" >>{settings}
for each in {leftovers}; do
    mkdir -p $(dirname $each)
    echo "{{}}" >$each
done
mkdir -p /run/systemd/system
printf "#!/bin/sh\\n[ \\$1 != try-restart ]\\n" >/usr/local/bin/systemctl
chmod 755 /usr/local/bin/systemctl
dpkg -i --force-depends --force-unsafe-io /debs/{name}_2_*.deb
dpkg-query -W -f "state \\${{Status}}" {name}
echo
rm -r /usr/local/bin/systemctl /run/systemd
tail -n 1 {settings}
dpkg --remove {name}
test -e {settings}
dpkg --purge {name}
find /etc /usr /opt -name "{stem}*" -not -path "*/python*" -not -path "/usr/lib/python*" | sed "s/^/left /"
"""


@pytest.mark.parametrize("package", PACKAGES, ids=lambda package: package.name)
def test_an_upgrade_asks_nothing_and_a_purge_leaves_nothing(package: Package, tmp_path: Path) -> None:
    """An upgrade leaves edited settings unchanged, also when a service does not restart.

    After a purge no unit is linked and no browser is restricted.
    """
    debs, layer = tmp_path / "debs", tmp_path / "layer"
    layer.mkdir()
    for version in ("1", "2"):
        tree = tmp_path / version
        program = tree / package.home / "bin" / package.name
        program.parent.mkdir(parents=True)
        program.write_text(version)
        pack(package, tree, debs, version, own_architecture())
    units = [Path(path).name for path in package.files if path.endswith((".timer", ".socket", "kiosk.service"))]
    script = LIFE.format(
        name=package.name,
        settings=package.settings,
        template=package.template,
        units=" ".join((package.services[0], *units)),
        leftovers=" ".join(package.leftovers),
        stem="beacon-",
    )
    namespace = ["unshare", "--mount"] if os.geteuid() == 0 else ["unshare", "--mount", "--map-root-user", "--map-auto"]
    command = [*namespace, "sh", "-c", ON_A_COPY.format(layer=layer, debs=debs, script=script)]
    ended = subprocess.run(command, capture_output=True, text=True, timeout=120)
    assert ended.returncode == 0, ended.stdout + ended.stderr
    assert "state install ok installed" in ended.stdout.splitlines()
    assert "did not restart" in ended.stderr
    assert "# edited" in ended.stdout.splitlines()
    assert [line for line in ended.stdout.splitlines() if line.startswith("left ")] == []
