"""Write the scripts that dpkg runs when a package is installed, upgraded, removed or purged."""

from pathlib import Path

from debian.package import ROOT, UNITS, USERS, Package

_POSTINST = """\
#!/bin/sh
set -e
if [ "$1" = configure ]; then
    systemd-sysusers {sysusers}
    if [ ! -e {settings} ]; then
        install -D -m 644 /{template} {settings}
    fi
{tmpfiles}    if [ -d /run/systemd/system ]; then
        systemctl daemon-reload || true
        # An upgrade restarts running services; a new installation starts after its settings are written.
        # A service that does not start, for example because of its settings, does not undo the installation.
        systemctl try-restart {services} || echo "{name}: a service did not restart; see journalctl -u {first}" >&2
    fi
    if [ -z "$2" ]; then
{enabled}        echo "{name}: write {settings}, then:"
        echo "  {name} check-config {settings}"
        echo "  systemctl enable --now {first}"
    fi
fi
"""
_PRERM = """\
#!/bin/sh
set -e
if [ "$1" = remove ]; then
    if [ -d /run/systemd/system ]; then
        systemctl stop {units}
    fi
    # Also without a running systemd: it deletes the links.
    systemctl disable --quiet {installable}
fi
"""
_POSTRM = """\
#!/bin/sh
set -e
if [ "$1" = remove ] || [ "$1" = purge ]; then
    rm -f {leftovers}
    rmdir --ignore-fail-on-non-empty -p {folders} 2>/dev/null || true
fi
if [ "$1" = purge ]; then
    rm -f {settings}
    rmdir --ignore-fail-on-non-empty {private} 2>/dev/null || true
    # Donation data and a bank's keys cannot be made again; a person must delete them.
    for each in /var/lib/{name} /etc/{name}; do
        if [ -e "$each" ]; then
            echo "{name}: $each is not deleted; do it yourself when its data are no longer needed"
        fi
    done
fi
if [ -d /run/systemd/system ]; then
    systemctl daemon-reload
fi
"""


def maintainer_scripts(package: Package) -> dict[str, str]:
    """Return the scripts that dpkg runs, by name; see deb-postinst(5), deb-prerm(5), deb-postrm(5)."""
    users = " ".join(f"/{path}" for path in package.files if path.startswith(USERS))
    tmpfiles = [f"/{path}" for path in package.files if path.startswith("usr/lib/tmpfiles.d")]
    units = [Path(path).name for path in package.files if path.startswith(UNITS) and "@" not in path]
    installable = [unit for unit in units if "[Install]" in (ROOT / "systemd" / unit).read_text("utf-8")]
    settings = Path(package.settings).parent
    values = {
        "name": package.name,
        "services": " ".join(package.services),
        "first": package.services[0],
        "settings": package.settings,
        "template": package.template,
        "sysusers": users,
        "tmpfiles": "".join(f"    systemd-tmpfiles --create {path}\n" for path in tmpfiles),
        "enabled": "".join(f"        systemctl enable --quiet {unit}\n" for unit in package.enabled),
        "units": " ".join(units),
        "installable": " ".join(installable),
        "leftovers": " ".join(package.leftovers),
        "folders": " ".join(str(Path(path).parent) for path in package.leftovers),
        "private": f"{settings}/credentials {settings}",
    }
    scripts = {"postinst": _POSTINST, "prerm": _PRERM, "postrm": _POSTRM}
    return {name: text.format(**values) for name, text in scripts.items()}
