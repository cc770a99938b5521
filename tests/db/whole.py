"""A catalog of rows to disturb, and the check that it is whole."""

import uuid

import sqlalchemy
from sqlalchemy import func, select

from db.enums import RevisionKind
from db.models import AssetChangeRow, CatalogState, RevisionRow
from db.records import NewAsset
from forge_core.catalog.editing import classes
from forge_core.catalog.revisions import journal
from forge_core.catalog.revisions.journal import Operation
from forge_core.people.actor import Actor
from forge_core.workspace import Workspace

IMAGES = 2_000


def fill(workspace: Workspace, number: int = IMAGES) -> tuple[int, int]:
    """A catalog of rows without files in one class; gives that class and another."""
    one, two = (
        classes.create_class(workspace, name, actor=Actor("tester")).label_id
        for name in ("one", "two")
    )
    add(workspace, number, one)
    return one, two


def add(workspace: Workspace, number: int, label_id: int) -> None:
    name = "one"
    with workspace.database.write() as uow:
        uow.revisions.lock()
        revision = journal.begin_revision(
            uow, Operation.of(RevisionKind.IMPORT, actor=Actor("tester"))
        )
        journal.add_assets(
            uow,
            revision,
            [
                NewAsset(
                    asset_id=journal.new_id(),
                    file_path=f"photos/{uuid.uuid4().hex}.jpg",
                    label_id=label_id,
                    label_name=name,
                    split_type="train",
                    source_dataset="drawn",
                    content_hash=f"{place:064x}",
                    width=8,
                    height=8,
                    size_bytes=10,
                    mime="image/png",
                    perceptual_hash=None,
                )
                for place in range(number)
            ],
        )


def check_whole(workspace: Workspace) -> None:
    """Whole revisions only, numbered without gaps; counts equal a recount; the file is sound."""
    with workspace.database.read() as uow:
        session = uow.session
        kept = dict(
            session.execute(
                select(AssetChangeRow.revision_id, func.count()).group_by(
                    AssetChangeRow.revision_id
                )
            ).all()
        )
        heads = session.execute(select(RevisionRow.revision_id, RevisionRow.num_changes)).all()
        assert sorted(number for number, _ in heads) == list(range(1, len(heads) + 1))
        assert {number: count for number, count in heads if count} == kept
        assert session.scalar(select(CatalogState.last_revision_id)) == len(heads)
        assert set(uow.counts.list_all()) == set(uow.counts.list_recounted())
        for facet in ("source", "review"):
            assert uow.counts.list_facet(facet) == uow.counts.list_recounted_facet(facet)
        if workspace.database.is_sqlite:
            found = session.execute(sqlalchemy.text("PRAGMA integrity_check")).scalars().all()
            assert found == ["ok"]
