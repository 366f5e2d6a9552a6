"""Write the software bill of materials of a package: the libraries inside it, in CycloneDX 1.5 JSON (ECMA-424)."""

import json
from datetime import UTC, datetime
from importlib.metadata import Distribution, distributions
from pathlib import Path

from packaging.utils import canonicalize_name


def make_sbom(name: str, version: str, library: Path, epoch: int, *, own: str) -> str:
    """`library`: the folder of the installed libraries; `own`: our distribution in it; `epoch`: the time in seconds."""
    found = {canonicalize_name(each.name): each for each in distributions(path=[str(library)])}
    document = {
        "bomFormat": "CycloneDX",
        "specVersion": "1.5",
        "version": 1,
        "metadata": {
            "timestamp": datetime.fromtimestamp(epoch, UTC).isoformat(),
            "component": {"type": "application", "bom-ref": name, "name": name, "version": version},
        },
        "components": [_component(key, found[key]) for key in sorted(found) if key != canonicalize_name(own)],
    }
    return json.dumps(document, indent=1, ensure_ascii=False) + "\n"


def _component(key: str, library: Distribution) -> dict[str, object]:
    """Use the package URL's own spelling: names in lower case with hyphens."""
    url = f"pkg:pypi/{key}@{library.version}"
    found: dict[str, object] = {
        "type": "library",
        "bom-ref": url,
        "name": key,
        "version": library.version,
        "purl": url,
    }
    headers = library.metadata
    if "License-Expression" in headers:
        found["licenses"] = [{"expression": headers["License-Expression"]}]
    elif "License" in headers and "\n" not in headers["License"]:  # some write the complete text there
        found["licenses"] = [{"license": {"name": headers["License"]}}]
    return found
