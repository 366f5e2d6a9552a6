"""Divide the texts of projects into phrases in a child process: the dictionary takes 60 MB, and texts change rarely."""

import asyncio
import json
import sys
from collections.abc import Sequence

import structlog

from sync_contract.project import MOST_PHRASES, Project

_log = structlog.get_logger()
_WALL_S = 20.0


async def divide(projects: Sequence[Project]) -> list[tuple[str, ...]] | None:
    """Return the phrases of each project (see Project.phrases), or None if the child process fails."""
    pipe = asyncio.subprocess.PIPE
    command = (sys.executable, "-m", "central_server.catalogue.phrase_process")
    child = await asyncio.create_subprocess_exec(*command, stdin=pipe, stdout=pipe, stderr=pipe)
    try:
        async with asyncio.timeout(_WALL_S):
            texts = json.dumps([project.model_dump(mode="json", by_alias=True) for project in projects])
            answer, errors = await child.communicate(texts.encode())
    except TimeoutError:
        answer, errors = b"", b"no answer"
    finally:
        if child.returncode is None:
            child.kill()
            await child.wait()
    if child.returncode != 0:
        _log.error("catalogue.phrases_failed", reason=errors.decode(errors="replace")[-500:])
        return None
    return [tuple(lines) for lines in json.loads(answer)]


def phrases(projects: Sequence[Project]) -> list[tuple[str, ...]]:
    """Divide in this process, which then holds the dictionary."""
    from kiosk_ui.segmenter import Segmenter

    segmenter = Segmenter()
    return [segmenter.project_phrases(project)[:MOST_PHRASES] for project in projects]


def _main() -> None:
    json.dump(phrases([Project.model_validate_json(json.dumps(each)) for each in json.load(sys.stdin)]), sys.stdout)


if __name__ == "__main__":
    _main()
