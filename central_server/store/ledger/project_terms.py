"""Store what a project and its permit stated when a ledger line was posted. Rows are only added."""

import hashlib
from collections.abc import Collection

from sqlalchemy import select

from central_server.store.engine.connection import Connection
from central_server.store.engine.tables import project_terms
from central_server.store.engine.upsert import insert
from sync_contract.permit import Permit
from sync_contract.project import Project, Texts
from sync_contract.strict_model import Record, canonical


class ProjectTerms(Record):
    """A project's title, payee and permit at one time."""

    title: Texts
    payee: Texts
    permit: Permit | None

    def of(self, project: Project) -> Project:
        """Return the project as it was when the line was posted."""
        return project.model_copy(update={"title": self.title, "payee": self.payee, "permit": self.permit})


async def add(connection: Connection, project: Project | None) -> str | None:
    """Store the project's terms and return their digest; None for an unknown project."""
    if project is None:
        return None
    content = canonical(ProjectTerms(title=project.title, payee=project.payee, permit=project.permit))
    digest = hashlib.sha256(content).hexdigest()
    new = insert(connection, project_terms).values(digest=digest, content=content.decode())
    await connection.execute(new.on_conflict_do_nothing())
    return digest


async def get(connection: Connection, digest: str | None) -> ProjectTerms | None:
    return (await many(connection, {digest or ""})).get(digest or "")


async def many(connection: Connection, digests: Collection[str]) -> dict[str, ProjectTerms]:
    """Return the known ones by digest."""
    statement = select(project_terms).where(project_terms.c.digest.in_(digests))
    rows = await connection.execute(statement)
    return {row.digest: ProjectTerms.model_validate_json(row.content) for row in rows}
