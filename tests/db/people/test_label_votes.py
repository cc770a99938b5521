"""Votes: one an image and person, listed while the import that brought them stands."""

from datetime import datetime

import pytest

from db.records import Asset
from db.repositories.label_votes import LabelVote
from forge_core.catalog.editing import label_edits
from forge_core.workspace import Workspace
from tests.arrange import ACTOR, class_id, make_catalog


@pytest.fixture
def circle(workspace: Workspace, tmp_path) -> Asset:
    return make_catalog(workspace, tmp_path / "drawn", train=1, val=0, test=0)[0]


def test_a_person_has_one_vote_an_image__the_newest(workspace: Workspace, circle: Asset):
    round_, square = circle.label_id, class_id(workspace, "square")
    assert round_ is not None
    given = datetime(2026, 1, 2, 3, 4, 5)

    def vote(author: str, label_id: int, **values: object) -> LabelVote:
        fields = {"asset_id": circle.asset_id, "author": author, "label_id": label_id, **values}
        return LabelVote(**fields)  # type: ignore[arg-type]

    with workspace.database.write() as uow:
        uow.label_votes.add([vote("ben", square), vote("ana", round_, created_at=given)])
        uow.label_votes.add([vote("ben", round_), vote("ben", square, source="tool")])
        votes = uow.label_votes.list_of_assets([circle.asset_id])[circle.asset_id]
        assert [(v.author, v.label_id, v.source) for v in votes] == [
            ("ana", round_, ""),
            ("ben", square, "tool"),
        ]
        assert votes[0].created_at == given
        assert votes[1].created_at is not None
        assert uow.label_votes.list_of_assets([]) == {}
        uow.label_votes.remove([circle.asset_id], "ben")
        assert (uow.label_votes.list_authors(), uow.label_votes.count()) == (["ana"], 1)
    label_edits.remove_assets(workspace, [circle.asset_id], actor=ACTOR)
    with workspace.database.read() as uow:
        assert uow.label_votes.count() == 0, "of living images"


def test_votes_of_an_import_go_with_it__and_come_back(workspace: Workspace, circle: Asset):
    assert circle.label_id is not None
    with workspace.database.write() as uow:
        uow.label_votes.add(
            [
                LabelVote(
                    asset_id=circle.asset_id, author="ana", label_id=circle.label_id, revision_id=7
                ),
                LabelVote(asset_id=circle.asset_id, author="ben", label_id=circle.label_id),
            ]
        )
        numbers = []
        for by, undone in ((8, 7), (9, 8), (10, 9)):
            uow.label_votes.revert(by, undone)
            numbers.append((uow.label_votes.count(), uow.label_votes.list_authors()))
    assert numbers == [(1, ["ben"]), (2, ["ana", "ben"]), (1, ["ben"])]
