"""Read kinds, posts and skills of the talent pool from posts.toml."""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from sync_contract.project import Texts

_FILE = Path(__file__).with_suffix(".toml")


@dataclass(frozen=True, slots=True)
class Post:
    """`kinds`: ids of one or more kinds."""

    id: str
    kinds: tuple[str, ...]
    names: Texts


@dataclass(frozen=True, slots=True)
class PostList:
    """Each by id, in the order of the file."""

    kinds: Mapping[str, Texts]
    posts: Mapping[str, Post]
    skills: Mapping[str, Texts]


@cache
def post_list() -> PostList:
    """Raises ValueError for a post of no kind or of one that the file does not define, naming the post."""
    read = tomllib.loads(_FILE.read_text("utf-8"))
    kinds = _names(read["kind"])
    posts = {
        each["id"]: Post(each["id"], tuple(each["kinds"]), Texts.model_validate(each["names"])) for each in read["post"]
    }
    for post in posts.values():
        if not post.kinds or not kinds.keys() >= set(post.kinds):
            raise ValueError(f"{_FILE}: post {post.id}: kinds must name one or more of {', '.join(kinds)}")
    return PostList(kinds, posts, _names(read["skill"]))


def _names(entries: list[dict[str, Any]]) -> dict[str, Texts]:
    return {each["id"]: Texts.model_validate(each["names"]) for each in entries}
