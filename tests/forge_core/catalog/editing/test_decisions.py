"""What a person answered is not asked again until what was judged changes. On both databases."""

import random
import uuid
from dataclasses import dataclass, field, replace

import pytest

from db.enums import Question, ReviewState, RunStatus, Split
from db.patches import AssetPatch
from db.records import ANY, Asset, AssetFilter
from db.repositories.predictions import PredictionRow
from forge_core.catalog.editing import (
    classes,
    contested,
    corrections,
    decisions,
    label_edits,
    review_flags,
)
from forge_core.catalog.listing import asset_list
from forge_core.catalog.revisions import history
from forge_core.catalog.splits import split_plan
from forge_core.catalog.splits.split_plan import SplitRatios
from forge_core.errors import InvalidInput, NotFound
from forge_core.workspace import Workspace
from tests.arrange import ACTOR, class_id, draw_folder, draw_image, import_folder, list_all
from tests.arrange import make_catalog as catalog_of
from tests.chance import examples

OPEN = AssetFilter(undecided=Question.LABEL)
SETTLED = AssetFilter(decided=Question.LABEL)
HISTORIES = {
    "sqlite": examples(25),
    "postgresql": examples(6),
}
STEPS = 6


@pytest.fixture
def assets(workspace: Workspace, tmp_path) -> list[Asset]:
    return catalog_of(workspace, tmp_path / "drawn", train=2, val=0, test=0)


def open_ids(workspace: Workspace, where: AssetFilter = OPEN) -> set[uuid.UUID]:
    return set(asset_list.list_ids(workspace, where))


def decide(workspace: Workspace, asset: Asset, answer: str, **values: object) -> str:
    operation_id = str(uuid.uuid4())
    result = decisions.decide(
        workspace, [asset.asset_id], answer, actor=ACTOR, operation_id=operation_id, **values
    )
    assert result.status == "applied"
    return operation_id


def undo(workspace: Workspace, operation_id: str) -> str:
    by = str(uuid.uuid4())
    result = history.undo_operation(workspace, operation_id, actor=ACTOR, operation_id=by)
    assert result.status == "applied"
    return by


def test_keep__writes_no_revision_and_leaves_the_queue(workspace, assets):
    before = history.latest_revision_id(workspace)
    done = decide(workspace, assets[0], "keep")
    assert history.latest_revision_id(workspace) == before
    assert assets[0].asset_id not in open_ids(workspace)
    assert open_ids(workspace, SETTLED) == {assets[0].asset_id}
    assert assets[0].asset_id in open_ids(workspace, AssetFilter(undecided=Question.PICTURE))
    undone = undo(workspace, done)
    assert assets[0].asset_id in open_ids(workspace)
    undo(workspace, undone)
    assert assets[0].asset_id not in open_ids(workspace), "done again"


def test_accept__gives_the_label_and_undo_takes_both_back(workspace, assets):
    square = class_id(workspace, "square")
    done = decide(workspace, assets[0], "accept", label_id=square)
    now = asset_list.get_asset(workspace, assets[0].asset_id)
    assert (now.label_name, open_ids(workspace, SETTLED)) == ("square", {now.asset_id})
    undo(workspace, done)
    assert asset_list.get_asset(workspace, now.asset_id).label_name == "circle"
    label_edits.relabel(workspace, [now.asset_id], square, actor=ACTOR)
    assert open_ids(workspace, SETTLED) == set(), "what was taken back does not stand later"


def test_ambiguous__stays_out_of_train_and_test__until_it_is_undone(workspace, assets):
    done = decide(workspace, assets[0], "ambiguous")
    plan = split_plan.plan_split(workspace, SplitRatios(train=50, val=25, test=25), seed=1)
    split_plan.apply_split(workspace, plan, actor=ACTOR)
    now = asset_list.get_asset(workspace, assets[0].asset_id)
    assert (now.split_type, now.review_state) == (Split.HELD_OUT, ReviewState.AMBIGUOUS)
    assert now.label_name == "circle", "nothing is thrown away"
    undo(workspace, done)
    again = asset_list.get_asset(workspace, assets[0].asset_id)
    assert (again.split_type, again.review_state) == (Split.TRAIN, None)


def test_held_out_and_skip(workspace, assets):
    decide(workspace, assets[0], "held_out", question=Question.PICTURE)
    decide(workspace, assets[1], "skip")
    assert asset_list.get_asset(workspace, assets[0].asset_id).split_type == Split.HELD_OUT
    assert assets[1].asset_id in open_ids(workspace), "it comes again"
    (skipped,) = decisions.list_of_asset(workspace, assets[1].asset_id)
    assert (skipped.answer, skipped.actor) == ("skip", ACTOR.name)


def test_a_flag_opens_the_question_again__and_an_answer_takes_it_away(workspace, assets):
    first = assets[0]
    decide(workspace, first, "keep")
    review_flags.flag(
        workspace, [first.asset_id], note="sure?", actor=ACTOR, operation_id="flagged"
    )
    flagged = AssetFilter(review=ReviewState.FLAGGED, undecided=Question.LABEL)
    assert open_ids(workspace, flagged) == {first.asset_id}
    done = decide(workspace, first, "keep")
    assert asset_list.get_asset(workspace, first.asset_id).review_state is None
    undo(workspace, done)
    assert open_ids(workspace, flagged) == {first.asset_id}
    undo(workspace, "flagged")
    assert open_ids(workspace, SETTLED) == {first.asset_id}, "the first answer holds again"


def test_an_image_that_somebody_changed_meanwhile_is_not_answered_for(workspace, assets):
    first = assets[0]
    label_edits.relabel(workspace, [first.asset_id], None, actor=ACTOR)
    result = decisions.decide(
        workspace,
        [first.asset_id, uuid.uuid4()],
        "keep",
        actor=ACTOR,
        expected_versions={first.asset_id: first.row_version},
    )
    assert (result.status, result.num_conflicts) == ("conflict", 2)
    assert open_ids(workspace, SETTLED) == set()


def test_an_answer_sent_twice_is_kept_once(workspace, assets):
    for answer, label in (("keep", None), ("choose", class_id(workspace, "square"))):
        for _ in range(2):
            decisions.decide(
                workspace,
                [assets[0].asset_id],
                answer,
                label_id=label,
                actor=ACTOR,
                operation_id=f"once-{answer}",
            )
    found = decisions.list_of_asset(workspace, assets[0].asset_id)
    assert [one.answer for one in found] == ["keep", "choose"]


@pytest.mark.parametrize(
    ("answer", "values"),
    [
        ("perhaps", {}),
        ("correct", {}),
        ("keep", {"question": "weather"}),
        ("keep", {"label_id": 1}),
        ("accept", {}),
    ],
)
def test_what_is_no_answer_is_refused(workspace, assets, answer, values):
    with pytest.raises(InvalidInput):
        decisions.decide(workspace, [assets[0].asset_id], answer, actor=ACTOR, **values)


def test_a_class_that_is_not_there_is_refused(workspace, assets):
    with pytest.raises(NotFound):
        decide(workspace, assets[0], "choose", label_id=999)
    with pytest.raises(InvalidInput, match="question"):
        asset_list.list_ids(workspace, AssetFilter(decided="weather"))


def test_contested__the_answer_for_all_is_remembered(workspace, assets):
    with workspace.database.write() as uow:
        patch = AssetPatch(review_state=ReviewState.CONTESTED)
        uow.assets.update_fields([assets[0].asset_id], patch)
    contested.decide(workspace, contested.Answer.MINE, actor=ACTOR)
    assert open_ids(workspace, SETTLED) == {assets[0].asset_id}


def test_a_corrected_prediction_waits_for_a_second_look(workspace, assets, tmp_path):
    path = tmp_path / "seen.png"
    draw_image("square", 77).save(path)
    for _ in range(2):
        done = corrections.correct(
            workspace, path.read_bytes(), class_id(workspace, "square"), name="a", actor=ACTOR
        )
    corrected = AssetFilter(decided=Question.PREDICTION, undecided=Question.LABEL)
    assert open_ids(workspace, corrected) == {done.asset.asset_id}
    decide(workspace, done.asset, "keep")
    assert open_ids(workspace, corrected) == set()


@dataclass
class Told:
    """One answer as the oracle remembers it: what was judged."""

    judged: tuple[str, int | None, tuple[str, str] | None]
    stands: bool = True


@dataclass
class Oracle:
    """Knows every answer, and what each image is now; says which questions are settled."""

    workspace: Workspace
    told: list[Told] = field(default_factory=list)

    def judged(self, asset: Asset) -> tuple[str, int | None, tuple[str, str] | None]:
        defined = {
            label.label_id: (label.name, label.description)
            for label in classes.list_classes(self.workspace)
        }
        definition = None if asset.label_id is None else defined[asset.label_id]
        return (asset.content_hash, asset.label_id, definition)

    def settled(self) -> set[uuid.UUID]:
        standing = {one.judged for one in self.told if one.stands}
        everything = list_all(self.workspace)
        return {asset.asset_id for asset in everything if self.judged(asset) in standing}


@dataclass
class Walk:
    """One random history: answers, other changes, undo and redo as the keys give them."""

    workspace: Workspace
    oracle: Oracle
    chance: random.Random
    folder: object
    run_id: int
    done: list[tuple[str, list[Told]]] = field(default_factory=list)
    undone: list[tuple[str, list[Told]]] = field(default_factory=list)

    def step(self) -> None:
        kinds = ["answer"] * 4 + ["undo"] * 2 + ["redo"]
        kinds += ["relabel", "rename", "describe", "flag", "bytes", "import", "score", "restore"]
        kind = self.chance.choice(kinds)
        getattr(self, f"_{kind}")()
        if kind not in ("answer", "undo", "redo"):
            self.done.clear()
        if kind not in ("undo", "redo"):
            self.undone.clear()

    def _asset(self) -> Asset:
        return self.chance.choice(list_all(self.workspace))

    def _label(self) -> int:
        return self.chance.choice(classes.list_classes(self.workspace)).label_id

    def _answer(self) -> None:
        asset = self._asset()
        answer = self.chance.choice(["keep", "accept", "choose", "ambiguous", "held_out", "skip"])
        given = {"label_id": self._label()} if answer in ("accept", "choose") else {}
        operation_id = decide(self.workspace, asset, answer, **given)
        now = asset_list.get_asset(self.workspace, asset.asset_id)
        told = [] if answer == "skip" else [Told(self.oracle.judged(now))]
        self.oracle.told += told
        self.done.append((operation_id, told))

    def _undo(self) -> None:
        if self.done:
            operation_id, told = self.done.pop()
            self.undone.append((undo(self.workspace, operation_id), told))
            for one in told:
                one.stands = False

    def _redo(self) -> None:
        if self.undone:
            operation_id, told = self.undone.pop()
            self.done.append((undo(self.workspace, operation_id), told))
            for one in told:
                one.stands = True

    def _relabel(self) -> None:
        label = self.chance.choice([None, self._label()])
        label_edits.relabel(self.workspace, [self._asset().asset_id], label, actor=ACTOR)

    def _rename(self) -> None:
        name = f"name {self.chance.randrange(4)}"
        if name not in {label.name for label in classes.list_classes(self.workspace)}:
            classes.rename_class(self.workspace, self._label(), name, actor=ACTOR)

    def _describe(self) -> None:
        words = self.chance.choice(["", "round", "edged"])
        classes.edit_class(self.workspace, self._label(), description=words, actor=ACTOR)

    def _flag(self) -> None:
        asset = self._asset()
        judged = self.oracle.judged(asset)
        review_flags.flag(self.workspace, [asset.asset_id], note="look", actor=ACTOR)
        for one in self.oracle.told:
            one.stands &= one.judged != judged

    def _bytes(self) -> None:
        with self.workspace.database.write() as uow:
            uow.assets.update_fields(
                [self._asset().asset_id], AssetPatch(content_hash=f"{self.chance.random():0<64}")
            )

    def _import(self) -> None:
        label_edits.remove_assets(self.workspace, [self._asset().asset_id], actor=ACTOR)
        import_folder(self.workspace, self.folder)

    def _restore(self) -> None:
        asset_ids = [self._asset().asset_id]
        label_edits.remove_assets(self.workspace, asset_ids, actor=ACTOR)
        label_edits.restore_assets(self.workspace, asset_ids, actor=ACTOR)

    def _score(self) -> None:
        label = self._label()
        row = PredictionRow(
            asset_id=uuid.UUID(int=0),
            label_id=label,
            confidence=self.chance.random(),
            margin=0.1,
            entropy=0.1,
            label_quality=self.chance.random(),
            given_label_id=label,
            revision_id=1,
        )
        with self.workspace.database.write() as uow:
            everything = list_all(self.workspace)
            rows = [replace(row, asset_id=asset.asset_id) for asset in everything]
            uow.predictions.add(self.run_id, rows)


@pytest.mark.slow
def test_random_histories__what_was_confirmed_comes_back_only_when_it_is_another(
    workspace, tmp_path
):
    """Answers, undo and redo among relabelling, renames, flags, re-imports and re-scoring."""
    folder = draw_folder(tmp_path / "drawn", per_class=2)
    import_folder(workspace, folder)
    with workspace.database.write() as uow:
        run_id = uow.runs.add(
            status=RunStatus.SUCCEEDED.value,
            author=ACTOR.name,
            config={},
            revision_id=1,
            class_names=["circle"],
            label_ids=[1],
        )
    oracle = Oracle(workspace)
    seen = 0
    for seed in range(HISTORIES[workspace.database.engine.dialect.name]):
        walk = Walk(workspace, oracle, random.Random(seed), folder, run_id)
        for _ in range(STEPS):
            walk.step()
        settled = oracle.settled()
        everything = {asset.asset_id for asset in list_all(workspace)}
        assert open_ids(workspace, SETTLED) == settled, f"history {seed}"
        assert open_ids(workspace) == everything - settled, f"history {seed}"
        doubted = AssetFilter(run=run_id, disagrees=True, undecided=Question.LABEL, label=ANY)
        assert not open_ids(workspace, doubted) & settled
        seen += len(settled)
    assert seen > HISTORIES[workspace.database.engine.dialect.name], "not about empty sets alone"
