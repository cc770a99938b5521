"""Which workspace this is: one id, kept with the catalog, whoever opens it from where."""

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from db.models import CatalogState


class IdentityRepository:
    """The id of the workspace."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def find(self) -> str | None:
        """The id, or None until it is kept."""
        return self._session.scalar(select(CatalogState.workspace_id))

    def keep(self, made: str) -> str:
        """Keep an id, unless there is one already; gives the one that holds."""
        self._session.execute(
            update(CatalogState)
            .where(CatalogState.workspace_id.is_(None))
            .values(workspace_id=made)
            .execution_options(synchronize_session=False)
        )
        kept = self.find()
        assert kept is not None, "the schema itself puts in the row"
        return kept
