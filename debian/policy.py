"""Files that Debian Policy asks of each package: copyright, changelog, and the reasons for lintian's overrides."""

import gzip
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from email.utils import format_datetime

MAINTAINER = "the beacon-gateway maintainers <maintainers@beacon-gateway.invalid>"
GATEWAY, CENTRAL, PDF, DISPATCH = "beacon-gateway", "beacon-central", "beacon-central-pdf", "beacon-central-dispatch"
_PROGRAMS, _LIBRARIES, _ALL = (GATEWAY, CENTRAL), (PDF, DISPATCH), (GATEWAY, CENTRAL, PDF, DISPATCH)
_WHEEL = "The authors of the wheel compiled it; its hash is pinned."
_LICENCE = "Each library keeps its licence where its authors put it; the copyright file says so."
OVERRIDES: Mapping[str, tuple[str, Sequence[str]]] = {
    "dir-or-file-in-opt": (
        "The Python libraries are pinned for this program, and no other program shall import them.",
        _ALL,
    ),
    "package-installs-python-pycache-dir": (
        "The program cannot write to its folder: its code is compiled in advance.",
        _ALL,
    ),
    "unusual-interpreter": ("Library files that are imported, never started.", _PROGRAMS),
    "script-not-executable": ("Library files that are imported, never started.", (*_PROGRAMS, DISPATCH)),
    "wrong-path-for-interpreter": (
        "The program runs with its own libraries: its interpreter is a link below /opt.",
        _PROGRAMS,
    ),
    "relative-symlink": ("The package also runs when it is unpacked below another root.", _PROGRAMS),
    "maintainer-script-calls-systemctl": (
        "systemd is a dependency; a unit starts only after its settings are written.",
        _PROGRAMS,
    ),
    "groff-message": ("groff's own macros for Chinese use a name that they do not define.", _PROGRAMS),
    "systemd-service-file-missing-install-key": ("Its socket starts it.", (GATEWAY,)),
    "extra-license-file": (_LICENCE, _ALL),
    "package-contains-documentation-outside-usr-share-doc": (_LICENCE, _ALL),
    "embedded-library": (
        "The wheel contains it; the bill of materials names the library, and its pin is raised for a security fix.",
        (CENTRAL, PDF),
    ),
    "hardening-no-bindnow": (_WHEEL, (*_PROGRAMS, DISPATCH)),
    "hardening-no-fortify-functions": (_WHEEL, _ALL),
    "library-not-linked-against-libc": (_WHEEL, (DISPATCH,)),
    "shared-library-lacks-prerequisites": (_WHEEL, (DISPATCH,)),
    "custom-library-search-path": (_WHEEL, (DISPATCH,)),
}
"""The tags that packages have on purpose: the reason, and the packages."""
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
    overrides = "".join(f"# {reason}\n{name}: {tag}\n" for tag, (reason, names) in OVERRIDES.items() if name in names)
    doc = f"usr/share/doc/{name}"
    return {
        f"{doc}/copyright": _COPYRIGHT.format(name=name).encode(),
        f"{doc}/changelog.gz": _pack(changelog),
        f"{doc}/NEWS.md.gz": _pack(news),
        f"usr/share/lintian/overrides/{name}": overrides.encode(),
    }


def _pack(text: str) -> bytes:
    return gzip.compress(text.encode(), 9, mtime=0)
