"""A package contains our sources and its runtime libraries, nothing else."""

import re
import tomllib
from importlib.metadata import PackageNotFoundError, requires

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from debian.build import BUILD_ONLY, runtime_pins
from debian.package import LIBRARY_PACKAGES, PACKAGES, ROOT, LibraryPackage, Package

IN_OTHERS = {name for each in LIBRARY_PACKAGES for name in each.libraries}


@pytest.mark.parametrize("package", PACKAGES, ids=lambda package: package.name)
def test_no_package_contains_history_or_a_secret(package: Package) -> None:
    sources = [each for name in package.own for each in (ROOT / name).rglob("*") if "__pycache__" not in each.parts]
    contents = {*sources, *(ROOT / source for source in package.files.values())}
    assert contents
    for each in contents:
        inside = each.relative_to(ROOT)
        assert not any(part.startswith(".") for part in inside.parts), f"{inside}: hidden, as .git is"
        assert each.suffix not in {".key", ".pem", ".pfx", ".secret", ".db", ".log"}, f"{inside}: nobody ships that"


@pytest.mark.parametrize("package", PACKAGES, ids=lambda package: package.name)
def test_a_package_contains_its_runtime_libraries_only(package: Package) -> None:
    pins = (ROOT / "requirements" / package.requirements).read_text("utf-8")
    contents = set(re.findall(r"^([a-z0-9-]+)==", runtime_pins(pins), re.MULTILINE))
    assert contents == set(re.findall(r"^([a-z0-9-]+)==", pins, re.MULTILINE)) - BUILD_ONLY - IN_OTHERS
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    extras = {"beacon-gateway": ("gateway", "mqtt"), "beacon-central": ("central",)}[package.name]
    optional = [each for extra in extras for each in project["optional-dependencies"][extra]]
    assert contents == drawn_in([*project["dependencies"], *optional]) - IN_OTHERS
    assert runtime_pins(pins).count("--hash=") > len(contents)


@pytest.mark.parametrize("package", LIBRARY_PACKAGES, ids=lambda package: package.name)
def test_a_library_package_contains_all_that_its_libraries_need(package: LibraryPackage) -> None:
    assert drawn_in(list(package.libraries)) == set(package.libraries)
    assert package.user.name in package.depends
    assert package.name in (*package.user.recommends, *package.user.suggests)


def drawn_in(wanted: list[str]) -> set[str]:
    """These libraries and all that they need, as they say themselves."""
    found: set[tuple[str, frozenset[str]]] = set()
    waiting = [Requirement(each) for each in wanted]
    while waiting:
        asked = waiting.pop()
        name, extras = canonicalize_name(asked.name), frozenset(asked.extras)
        if (name, extras) in found:
            continue
        found.add((name, extras))
        try:
            needs = requires(name) or []
        except PackageNotFoundError:  # of another Python than this one
            continue
        for each in map(Requirement, needs):
            if each.marker is None or any(each.marker.evaluate({"extra": extra}) for extra in {"", *extras}):
                waiting.append(each)
    return {name for name, _ in found}
