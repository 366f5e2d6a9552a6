"""Collect the pages of the site: docs/, the READMEs as its start, and each other file that a page links to."""

import os
import re
import shutil
from pathlib import Path, PurePosixPath

from markdown.extensions.toc import slugify  # type: ignore[import-untyped] # it has no types

from tests.paths import ROOT

DOCS = ROOT / "docs"
REPOSITORY = "repository"
"""Folder of the site with the linked files from outside docs/."""
START = {"README.md": "index.md", "README.zh.md": "index.zh.md"}
REFERENCED = ("config/gateway.toml", "config/central.toml")
"""Files to which the generated pages link."""
_LINK = re.compile(r"(?<=\]\()(?P<target>[^)#\s]+)(?P<anchor>#[^)\s]*)?(?=[\s)])")
_HEADING = re.compile(r"#{1,4} \S")
_FENCED = re.compile(r"^```.*?^```$", re.DOTALL | re.MULTILINE)
_FENCES = {".toml": "toml", ".py": "python", ".conf": "nginx", ".json": "json", ".yml": "yaml", ".sh": "sh"}


def collect_pages(target: Path) -> None:
    """Copy the pages to `target`, with links that work there.

    A linked file that is no page becomes a page with its text; a linked folder becomes a list of its pages.
    """
    shutil.copytree(DOCS, target, dirs_exist_ok=True)
    waiting = {target / path.relative_to(DOCS): path for path in DOCS.rglob("*.md")}
    waiting |= {target / page: ROOT / file for file, page in START.items()}
    waiting |= {target / _place(ROOT / file): ROOT / file for file in REFERENCED}
    written: set[Path] = set()
    while waiting:
        page, source = waiting.popitem()
        written.add(page)
        page.parent.mkdir(parents=True, exist_ok=True)
        text, linked = _relink(source, page, target)
        page.write_text(_give_anchors(text, source), "utf-8")
        waiting |= {each: file for each, file in linked.items() if each not in written}


def _give_anchors(text: str, source: Path) -> str:
    """Return a translated page whose headings have the anchors of the English page's, by their order.

    Raise ValueError if the pages of docs/ have other headings: one of them was changed alone.
    """
    original = source.with_name(source.name.replace(".zh.md", ".md"))
    if original == source or source.parent == ROOT:
        return text
    headings = [line for line in _without_code(original.read_text("utf-8")) if _HEADING.match(line)]
    levels = [line.partition(" ")[0] for line in headings]
    translated = [line for line in _without_code(text) if _HEADING.match(line)]
    if [line.partition(" ")[0] for line in translated] != levels:
        raise ValueError(f"{source.name} has other headings than {original.name}")
    for heading, line in zip(headings, translated, strict=True):
        text = text.replace(f"{line}\n", f"{line} {{#{slugify(heading.lstrip('# '), '-')}}}\n", 1)
    return text


def _without_code(text: str) -> list[str]:
    return _FENCED.sub("", text).splitlines()


def _relink(source: Path, page: Path, target: Path) -> tuple[str, dict[Path, Path]]:
    """Return the text of a page with its links, and the linked files from outside docs/ by their page."""
    if source.is_dir():
        return _list_folder(source), {}
    if source.suffix != ".md":
        fence = _FENCES.get(source.suffix, "text")
        return f"# {source.relative_to(ROOT)}\n\n````{fence}\n{source.read_text('utf-8')}\n````\n", {}
    linked: dict[Path, Path] = {}

    def rewrite(match: re.Match[str]) -> str:
        words, anchor = match["target"], match["anchor"] or ""
        file = (source.parent / words).resolve()
        if "://" in words or words.startswith("mailto:") or not file.is_relative_to(ROOT) or not file.exists():
            return match[0]  # MkDocs reports what does not exist
        place = _place(file)
        if place.suffix == ".md" and not (target / place).exists():
            linked[target / place] = file
        return os.path.relpath(target / place, page.parent) + anchor

    return _LINK.sub(rewrite, source.read_text("utf-8")), linked


def _place(file: Path) -> PurePosixPath:
    """Return where the site has a file of the repository."""
    words = file.relative_to(ROOT).as_posix()
    if words in START:
        return PurePosixPath("index.md")
    inside = file.is_relative_to(DOCS)
    place = PurePosixPath(file.relative_to(DOCS).as_posix()) if inside else PurePosixPath(REPOSITORY, words)
    if file.is_dir():
        return place / "index.md"
    shown = file.suffix in {".md", ".png", ".svg", ".webp", ".jpg"}
    return place if shown else place.with_name(f"{file.stem}-{file.suffix[1:]}.md")  # .py.md would be a language


def _list_folder(folder: Path) -> str:
    lines = [f"# {folder.relative_to(ROOT).as_posix()}", ""]
    for file in sorted(folder.iterdir()):
        if file.suffix == ".md" and folder.is_relative_to(DOCS):
            title = file.read_text("utf-8").partition("\n")[0].lstrip("# ")
            lines.append(f"- [{title}]({file.name})")
        elif not file.name.startswith(("_", ".")):
            lines.append(f"- `{file.name}`")
    return "\n".join(lines) + "\n"
