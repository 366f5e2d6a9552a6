"""A device updates itself from a signed repository, with the real apt and dpkg, on a layer above this machine's root.

systemd does not run in the layer: a program in its place knows one service, which is active while the installed
version is not the broken one.
"""

import os
import subprocess
from pathlib import Path

import pytest

from debian.build import own_architecture, pack
from debian.package import GATEWAY
from debian.repository import add_packages, sign
from tests.contracts.test_package_life import ON_A_COPY

SYSTEMCTL = """#!/bin/sh
case "$*" in
*is-active*) ! grep -q broken /opt/beacon-gateway/bin/beacon-gateway ;;
*NRestarts*) echo 0 ;;
*) echo "systemctl $*" >>/systemctl.log ;;
esac
"""
SYSUSERS = """#!/bin/sh
# Called by postinst. With /cut there, the power goes: dpkg, apt and beacon-update are killed where they are.
[ -e /cut ] || exec /usr/bin/systemd-sysusers.real "$@"
rm /cut
pid=$PPID pids=
until [ "$pid" = "$(cat /update.pid)" ]; do
    pids="$pid $pids"
    pid=$(awk '/^PPid/ {print $2}' /proc/$pid/status)
done
kill -9 $pid $pids    # the outermost first, so that none reacts to the end of another
"""
SOURCES = """Types: deb
URIs: file:/debs/repository
Suites: stable
Components: main
Signed-By: /debs/key.asc
"""
LIFE = """
unset TMPDIR    # the folder of the test run does not exist inside
install -m 755 /debs/systemctl /usr/local/bin
mv /usr/bin/systemd-sysusers /usr/bin/systemd-sysusers.real    # apt gives scripts a PATH without /usr/local
install -m 755 /debs/systemd-sysusers /usr/bin
dpkg -i --force-depends --force-unsafe-io /debs/beacon-gateway_1_*.deb >/dev/null
rm -f /etc/apt/sources.list.d/* /etc/apt/sources.list
export BEACON_UPDATE_WATCHED_S=1
update() {
    code=0
    sh -c 'echo $$ >/update.pid; exec /update $1' sh "${2:-}" >/out 2>&1 || code=$?
    version=$(dpkg-query -W -f "\\${Version}" beacon-gateway)
    echo "= $1: exit $code, version $version: $(grep ^beacon-update /out | tail -n 1 | cut -d" " -f2-)"
    sed "s/^/  /" /out
}
cp /opt/beacon-gateway/bin/beacon-update /update
update none
cp /debs/beacon-gateway.sources /etc/apt/sources.list.d/
for step in "$@"; do
    rm -rf /debs/repository
    cp -r /debs/$step /debs/repository
    update $step
done
touch /cut
rm -r /debs/repository
cp -r /debs/later /debs/repository
update cut
update after-the-cut
dpkg-query -W -f "\\${db:Status-Status}" beacon-gateway | grep -qx installed
mkdir -p /var/lib/beacon-gateway
echo 3 >/var/lib/beacon-gateway/upgrade-refused
update another-version-refused-its-store rollback
echo 4 >/var/lib/beacon-gateway/upgrade-refused
update refused-its-store rollback
test ! -e /var/lib/beacon-gateway/upgrade-refused
update later
update no-further-back back
head -c 200 /debs/beacon-gateway_1_*.deb >/var/lib/beacon-update/previous/beacon-gateway_1.deb
update damaged-way-back back
: >/var/lib/beacon-update/previous/beacon-gateway_1.deb
update empty-way-back back
printf 'Package: beacon-gateway\\nPin: version *\\nPin-Priority: -1\\n' >/etc/apt/preferences.d/site
update pinned
rm /etc/apt/preferences.d/site
echo "exit 75" >/opt/beacon-gateway/bin/beacon-gateway
update not-now
"""
STEPS = ["unsigned", "other-key", "tampered", "broken", "broken", "good", "older"]


def small_package(folder: Path, version: str, program: str) -> Path:
    """Return a package of the gateway with a program of one line; its libraries are left out."""
    tree = folder / f"tree-{version}"
    file = tree / GATEWAY.home / "bin" / GATEWAY.name
    file.parent.mkdir(parents=True)
    file.write_text(f"#!/bin/sh\n# {program}\n")
    file.chmod(0o755)
    return pack(GATEWAY, tree, folder, version, own_architecture())


@pytest.fixture(scope="module")
def lines(tmp_path_factory: pytest.TempPathFactory) -> list[str]:
    """Return the outcome of each step."""
    folder = tmp_path_factory.mktemp("updates")
    debs, layer, home = folder / "debs", folder / "layer", folder / "gnupg"
    layer.mkdir()
    home.mkdir(mode=0o700)
    debs.mkdir()
    (debs / "systemctl").write_text(SYSTEMCTL)
    (debs / "systemd-sysusers").write_text(SYSUSERS)
    (debs / "beacon-gateway.sources").write_text(SOURCES)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("GNUPGHOME", str(home))
        for name in ("release@example.org", "stranger@example.org"):
            key = ["gpg", "--batch", "--quiet", "--passphrase", "", "--quick-generate-key", name, "ed25519", "sign"]
            subprocess.run(key, check=True, capture_output=True)
        public = ["gpg", "--armor", "--export", "release@example.org"]
        (debs / "key.asc").write_bytes(subprocess.run(public, check=True, capture_output=True).stdout)
        one = small_package(debs, "1", "works")
        broken = small_package(debs, "2", "broken")
        good = small_package(debs, "3", "works again")
        later = small_package(debs, "4", "works too")
        contents = {
            "unsigned": ([one, good], ""),
            "other-key": ([one, good], "stranger@example.org"),
            "tampered": ([one, good], "release@example.org"),
            "broken": ([one, broken], "release@example.org"),
            "good": ([one, broken, good], "release@example.org"),
            "older": ([one], "release@example.org"),
            "later": ([one, good, later], "release@example.org"),
        }
        for name, (packages, key_of) in contents.items():
            release = add_packages(debs / name, packages, [own_architecture()])
            if key_of:
                sign(release, key_of)
        (debs / "tampered" / "pool" / good.name).write_bytes(good.read_bytes()[:-1] + b"\0")
        subprocess.run(["gpgconf", "--kill", "all"], check=False)
    script = LIFE.replace('"$@"', " ".join(STEPS))
    namespace = ["unshare", "--mount"] if os.geteuid() == 0 else ["unshare", "--mount", "--map-root-user", "--map-auto"]
    copy = ON_A_COPY.replace("cp {debs}/*.deb {layer}/root/debs", "cp -r {debs}/. {layer}/root/debs")
    (debs / "life").write_text(script)
    command = [*namespace, "sh", "-c", copy.format(layer=layer, debs=debs, script="exec sh -eu /debs/life")]
    ended = subprocess.run(command, capture_output=True, text=True, timeout=300)
    assert ended.returncode == 0, ended.stdout + ended.stderr
    print(ended.stdout)
    return [line.removeprefix("= ") for line in ended.stdout.splitlines() if line.startswith("= ")]


def test_only_a_newer_signed_version_is_installed_and_a_broken_one_is_taken_back(lines: list[str]) -> None:
    assert lines == [
        "none: exit 0, version 1: no updates: /etc/apt/sources.list.d/beacon-gateway.sources does not exist",
        "unsigned: exit 1, version 1: the repository cannot be read, or its signature is not valid",
        "other-key: exit 1, version 1: the repository cannot be read, or its signature is not valid",
        "tampered: exit 1, version 1: 3 cannot be downloaded as it was signed",
        "broken: exit 1, version 1: 2 does not stay active; going back to 1",
        "broken: exit 0, version 1: 2 was tried before and did not stay active; waiting for a later version",
        "good: exit 0, version 3: 3 works",
        "older: exit 0, version 3: 3 is the newest version",
        "cut: exit 137, version 4: from 3 to 4",
        "after-the-cut: exit 0, version 4: 4 is the newest version",
        "another-version-refused-its-store: exit 0, version 4: ",
        "refused-its-store: exit 0, version 3: the gateway refused 4 on a copy of its store; going back",
        "later: exit 0, version 3: 4 was tried before and did not stay active; waiting for a later version",
        "no-further-back: exit 1, version 3: there is no earlier package that can be read",
        "damaged-way-back: exit 1, version 3: there is no earlier package that can be read",
        "empty-way-back: exit 1, version 3: there is no earlier package that can be read",
        "pinned: exit 1, version 3: apt has no version of beacon-gateway to offer: is it pinned in "
        "/etc/apt/preferences.d?",
        "not-now: exit 0, version 3: not in the quiet hours of this site",
    ]


def test_a_published_version_never_changes(tmp_path: Path) -> None:
    deb = tmp_path / "beacon-gateway_1_all.deb"
    (tmp_path / "repository" / "pool").mkdir(parents=True)
    (tmp_path / "repository" / "pool" / deb.name).write_bytes(b"published")
    deb.write_bytes(b"another build")
    with pytest.raises(FileExistsError, match="raise the version"):
        add_packages(tmp_path / "repository", [deb], ["amd64"])
    assert (tmp_path / "repository" / "pool" / deb.name).read_bytes() == b"published"
