"""Reduce the installed libraries of a package to what its programs use at run time."""

import base64
import csv
import hashlib
import io
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

_LOCALES = ("root", "en", "zh")
"""Babel's data of these languages are shipped, with their territories; of its 1,000 others we use none."""
_LEXER_MODULES = ("__init__", "_mapping")
"""Of Pygments' lexers: rich imports these two; no program of ours colours source code."""
_OTHER_DATABASES = ("mssql", "mysql", "oracle")
"""SQLAlchemy's modules for them: it imports one when a URL names it. We use SQLite and PostgreSQL."""
_TESTS = ("tests", "testing")
"""Folders of the libraries' own tests, in `_TESTED` libraries, which import them nowhere else."""
_TESTED = ("aiosqlite", "alembic", "greenlet", "mako", "numpy", "scipy", "sqlalchemy")
_IMPORTED_TESTS = ("numpy/testing", "numpy/_core/tests")
"""scipy imports the first, which imports the second."""
_BUILD_FOLDERS = ("include", "opencc/clib/bin", "opencc/clib/include", "opencc/clib/lib64", "numpy/_core/include")
"""Headers and programs of the libraries' own builds."""
_SOURCES = (".a", ".c", ".cpp", ".h", ".hpp", ".pxd", ".pyi", ".pyx")
"""Sources and archives of compiled modules, and types for checkers; Python reads none of them."""
_ELF_MAGIC = b"\x7fELF"


def prune(library: Path, machine: str) -> None:
    """Remove files that no program reads and symbols that only a debugger reads; correct the lists of files.

    `library`: a site-packages folder. `machine`: the architecture of its shared objects, as wheels name it. Raises
    CalledProcessError if one of them is damaged.
    """
    for unused in tuple(_find_unused(library)):
        shutil.rmtree(unused) if unused.is_dir() else unused.unlink(missing_ok=True)  # a folder may contain it
    strip_shared_objects(library, machine)
    for folder in sorted((each for each in library.rglob("*") if each.is_dir()), reverse=True):
        if not any(folder.iterdir()):
            folder.rmdir()
    update_records(library)


def _find_unused(library: Path) -> Iterator[Path]:
    yield from (each for name in ("bin", *_BUILD_FOLDERS) for each in library.glob(name))
    for data in library.glob("babel/locale-data/*.dat"):
        if data.stem.partition("_")[0] not in _LOCALES:
            yield data
    for lexer in library.glob("pygments/lexers/*.py"):
        if lexer.stem not in _LEXER_MODULES:
            yield lexer
    yield from (each for name in _OTHER_DATABASES for each in library.glob(f"sqlalchemy/dialects/{name}"))
    folders = [each for owner in _TESTED for name in _TESTS for each in (library / owner).rglob(name) if each.is_dir()]
    imported = [library / name for name in _IMPORTED_TESTS]
    for folder in folders:
        if folder not in imported and not any(other in folder.parents for other in folders if other not in imported):
            yield folder
    for file in library.rglob("*"):
        if file.suffix in _SOURCES and file.is_file():
            yield file


def strip_shared_objects(library: Path, machine: str) -> None:
    """Remove the symbols and debugging data that the loader does not need; GNU strip for `machine` does it."""
    objects = [file for file in sorted(library.rglob("*.so*")) if file.is_file() and _is_elf(file)]
    if objects:
        subprocess.run(
            [f"{machine}-linux-gnu-strip", "--strip-unneeded", "--remove-section=.comment", *objects], check=True
        )
    for file in objects:
        file.chmod(0o644)  # the loader executes none of them


def _is_elf(file: Path) -> bool:
    with file.open("rb") as opened:
        return opened.read(len(_ELF_MAGIC)) == _ELF_MAGIC


def update_records(library: Path) -> None:
    """Correct the lists of installed files: remove those that are gone, state size and hash of those that changed.

    Format: the Python packaging specification "Recording installed projects", RECORD.
    """
    for record in library.glob("*.dist-info/RECORD"):
        rows = csv.reader(record.read_text("utf-8").splitlines())
        present = [(file, row) for row in rows if (file := library / row[0]).exists()]
        text = io.StringIO()
        csv.writer(text, lineterminator="\n").writerows(_recorded(file, row) for file, row in present)
        record.write_text(text.getvalue(), "utf-8")


def _recorded(file: Path, row: list[str]) -> list[str]:
    """Return the row with the file's present hash and size; RECORD states none of itself."""
    name, digest, _ = row
    if not digest:
        return row
    content = file.read_bytes()
    found = base64.urlsafe_b64encode(hashlib.sha256(content).digest()).rstrip(b"=")
    return [name, f"sha256={found.decode()}", str(len(content))]
