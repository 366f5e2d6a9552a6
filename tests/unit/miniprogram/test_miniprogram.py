"""The mini-program's logic, by Node's own test runner; and its files, as far as a check of the text can show."""

import json
import shutil
import subprocess
from pathlib import Path

import pytest

HERE = Path(__file__).parent
PROGRAM = HERE.parents[2] / "miniprogram"


@pytest.mark.parametrize("path", sorted(HERE.glob("*.test.js")), ids=lambda path: path.name)
def test_node_finds_nothing_wrong(path: Path) -> None:
    node = shutil.which("node")
    assert node is not None, "nodejs is one of the packages that ./dev test brings"
    ended = subprocess.run([node, "--test", str(path)], capture_output=True, text=True, timeout=120, check=False)
    assert ended.returncode == 0, ended.stdout[-8000:]
    assert "# fail 0" in ended.stdout or "ℹ fail 0" in ended.stdout


def test_every_page_is_whole_and_every_script_can_be_read() -> None:
    app = json.loads((PROGRAM / "app.json").read_text(encoding="utf-8"))
    for page in app["pages"]:
        for kind in ("js", "json", "wxml", "wxss"):
            assert (PROGRAM / f"{page}.{kind}").is_file()
    node = shutil.which("node")
    assert node is not None
    for script in sorted(PROGRAM.rglob("*.js")):
        ended = subprocess.run([node, "--check", str(script)], capture_output=True, text=True, timeout=60, check=False)
        assert ended.returncode == 0, ended.stderr


def test_the_page_says_only_what_stands_in_the_words() -> None:
    page = (PROGRAM / "pages/shake/shake.wxml").read_text(encoding="utf-8")
    assert not [letter for letter in page if "\u3400" <= letter <= "\u9fff"]
