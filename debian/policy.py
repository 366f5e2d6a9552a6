"""Files that Debian Policy asks of each package: copyright, changelog, and the reasons for lintian's overrides."""

import gzip
from collections.abc import Mapping
from datetime import UTC, datetime
from email.utils import format_datetime

MAINTAINER = "the beacon-gateway maintainers <maintainers@beacon-gateway.invalid>"
OVERRIDES: Mapping[str, str] = {
    "dir-or-file-in-opt": "The Python libraries are pinned for this program, and no other program shall import them.",
    "package-installs-python-pycache-dir": "The program cannot write to its folder: its code is compiled in advance.",
    "unusual-interpreter": "Library files that are imported, never started.",
    "script-not-executable": "Library files that are imported, never started.",
    "wrong-path-for-interpreter": "The program runs with its own libraries: its interpreter is a link below /opt.",
    "relative-symlink": "The package also runs when it is unpacked below another root.",
    "maintainer-script-calls-systemctl": "systemd is a dependency; a unit starts only after its settings are written.",
}
"""The tags that a package has on purpose, with the reason."""
_COPYRIGHT = """\
Format: https://www.debian.org/doc/packaging-manuals/copyright-format/1.0/
Upstream-Name: beacon-gateway

Files: *
Copyright: 2026 the beacon-gateway authors
License: Apache-2.0
 On Debian systems, the complete text of the Apache License, version 2.0, is in
 /usr/share/common-licenses/Apache-2.0.

Files: opt/{name}/lib/*/site-packages/*
Copyright: the authors named in the METADATA file of each library
License: as-stated-by-each-library
 /usr/share/{name}/sbom.cdx.json lists each library with its version and licence;
 its *.dist-info folder contains the licence's text.
"""
_CHANGELOG = """\
{name} ({version}) stable; urgency=medium

  * /usr/share/doc/{name}/NEWS.md.gz lists what users notice.

 -- {maintainer}  {date}
"""


def make_policy_files(name: str, version: str, epoch: int, news: str) -> dict[str, bytes]:
    """Return the files by path. `epoch`: seconds since 1970, of the release; `news`: the project's changelog."""
    date = format_datetime(datetime.fromtimestamp(epoch, UTC))
    changelog = _CHANGELOG.format(name=name, version=version, maintainer=MAINTAINER, date=date)
    overrides = "".join(f"# {reason}\n{name}: {tag}\n" for tag, reason in OVERRIDES.items())
    doc = f"usr/share/doc/{name}"
    return {
        f"{doc}/copyright": _COPYRIGHT.format(name=name).encode(),
        f"{doc}/changelog.gz": _pack(changelog),
        f"{doc}/NEWS.md.gz": _pack(news),
        f"usr/share/lintian/overrides/{name}": overrides.encode(),
    }


def _pack(text: str) -> bytes:
    return gzip.compress(text.encode(), 9, mtime=0)
