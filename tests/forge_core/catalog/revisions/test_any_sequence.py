"""Any sequence of changes and undos, by two writers, gives back every earlier state exactly.

A plain model in Python does the same as the catalog; after each step every revision is read and
compared. FORGE_TEST_EXAMPLES sets how many sequences are tried on each database. Else it is 7 on
SQLite and, as each step there costs twice as much, 3 on Postgres.
"""

import itertools
import uuid
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import hypothesis.strategies as st
import pytest
import sqlalchemy
from hypothesis import HealthCheck, settings
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from db.enums import RevisionKind
from db.records import AssetFilter, NewAsset
from db.session import Database
from forge_core.catalog.editing import class_merges, classes, label_edits
from forge_core.catalog.revisions import history, journal
from forge_core.catalog.revisions.journal import Operation
from forge_core.errors import Conflict, InvalidInput
from forge_core.people.actor import Actor
from forge_core.settings import Settings
from forge_core.storage import AssetStore
from forge_core.workspace import Workspace
from tests.chance import ASKED, examples
from tests.forge_core.catalog.revisions.catalog_model import ClassState, Image, Model

EXAMPLES = examples(7)
POSTGRES_EXAMPLES = examples(3)
STEPS = 14
PATHS = [f"photos/{number}.jpg" for number in range(8)]
SPLITS = ["train", "val", "held_out", None]


class Sequences(RuleBasedStateMachine):
    """Two writers on one catalog, and the model beside it."""

    make_url: Callable[[], str]
    drop: Callable[[str], None]
    folder: Path

    @initialize()
    def begin(self) -> None:
        self.url = type(self).make_url()
        made = Settings(_env_file=None, workspace=self.folder, database_url=self.url)
        self.writers = [
            Workspace(made, Database(self.url), AssetStore(str(self.folder / "assets")), "any")
            for _ in range(2)
        ]
        self.model = Model(states=[[]])
        self.numbers = itertools.count()
        for name in ("cat", "dog", "fox"):
            self.create(0, name)
        self.add(0, [0, 1, 2], [1, 2, None], "train")

    def teardown(self) -> None:
        if hasattr(self, "writers"):
            for writer in self.writers:
                writer.database.dispose()
            type(self).drop(self.url)

    writer = st.integers(0, 1)
    some = st.sets(st.integers(0, 9), min_size=1, max_size=4)

    def create(self, who: int, name: str) -> None:
        label = classes.create_class(self.writers[who], name, actor=Actor("tester"))
        self.model.commit(new_classes={label.label_id: ClassState(name, color=label.color)})

    def pick(self, numbers: set[int]) -> list[uuid.UUID]:
        keys = sorted(self.model.images)
        return sorted({keys[number % len(keys)] for number in numbers})

    def pick_label(self, number: int) -> int | None:
        used = [k for k, c in self.model.classes.items() if not c.is_retired]
        return ([*used, None])[number % (len(used) + 1)]

    def expect(self, result: Any, changed: dict[uuid.UUID, Image]) -> None:
        """The catalog did what the model says, in one revision or in none."""
        if changed:
            number = self.model.commit(changed)
            assert (result.status, result.revision_id) == ("applied", number)
            assert result.num_changed == len(changed)
        else:
            assert result.status in ("nothing", "conflict")
            assert result.revision_id is None

    @rule(
        who=writer,
        paths=st.lists(st.integers(0, 7), min_size=1, max_size=3, unique=True),
        labels=st.lists(st.integers(0, 5), min_size=3, max_size=3),
        split=st.sampled_from(SPLITS),
    )
    def add_images(self, who: int, paths: list[int], labels: list[int], split: str | None) -> None:
        taken = {self.model.images[key].path for key in self.model.living()}
        free = [number for number in paths if PATHS[number] not in taken]
        if free:
            self.add(who, free, [self.pick_label(number) for number in labels], split)

    def add(self, who: int, paths: list[int], labels: list[int | None], split: str | None) -> None:
        images = {
            journal.new_id(): Image(PATHS[number], label, split)
            for number, label in zip(paths, labels, strict=False)
        }
        rows = [
            NewAsset(
                asset_id=key,
                file_path=image.path,
                label_id=image.label,
                label_name=self.model.classes[image.label].name if image.label else None,
                split_type=image.split,
                source_dataset="drawn",
                content_hash=f"{next(self.numbers):064x}",
                width=8,
                height=8,
                size_bytes=10,
                mime="image/png",
                perceptual_hash=None,
            )
            for key, image in images.items()
        ]
        with self.writers[who].database.write() as uow:
            uow.revisions.lock()
            revision = journal.begin_revision(
                uow, Operation.of(RevisionKind.IMPORT, actor=Actor("tester"))
            )
            journal.add_assets(uow, revision, rows)
        assert revision == self.model.commit(images)

    @rule(who=writer, some=some, label=st.integers(0, 5))
    def relabel(self, who: int, some: set[int], label: int) -> None:
        chosen, keys = self.pick_label(label), self.pick(some)
        result = label_edits.relabel(self.writers[who], keys, chosen, actor=Actor("tester"))
        images = {k: i for k in keys if (i := self.model.images[k]).exists and i.label != chosen}
        self.expect(result, {k: replace(i, label=chosen) for k, i in images.items()})

    @rule(who=writer, old=st.integers(0, 5), label=st.integers(0, 5))
    def relabel_by_filter(self, who: int, old: int, label: int) -> None:
        before, chosen = self.pick_label(old), self.pick_label(label)
        result = label_edits.relabel_matching(
            self.writers[who],
            AssetFilter(label="none" if before is None else before),
            chosen,
            actor=Actor("tester"),
        )
        images = {k: i for k in self.model.living() if (i := self.model.images[k]).label == before}
        changed = {k: replace(i, label=chosen) for k, i in images.items() if before != chosen}
        self.expect(result, changed)

    @rule(
        who=writer,
        some=some,
        split=st.sampled_from(SPLITS),
        unlock=st.booleans(),
        by_filter=st.booleans(),
    )
    def set_split(
        self, who: int, some: set[int], split: str | None, unlock: bool, by_filter: bool
    ) -> None:
        keys = self.model.living() if by_filter else self.pick(some)
        asked = {"actor": Actor("tester"), "unlock_held_out": unlock}
        if by_filter:
            result = label_edits.set_split_matching(
                self.writers[who], AssetFilter(), split, **asked
            )
        else:
            result = label_edits.set_split(self.writers[who], keys, split, **asked)
        images = {k: i for k in keys if (i := self.model.images[k]).exists and i.split != split}
        free = {k: i for k, i in images.items() if unlock or i.split != "held_out"}
        self.expect(result, {k: replace(i, split=split) for k, i in free.items()})

    @rule(who=writer, some=some)
    def remove(self, who: int, some: set[int]) -> None:
        keys = self.pick(some)
        result = label_edits.remove_assets(self.writers[who], keys, actor=Actor("tester"))
        images = {k: i for k in keys if (i := self.model.images[k]).exists}
        self.expect(result, {k: replace(i, exists=False) for k, i in images.items()})

    @rule(who=writer, some=some)
    def restore(self, who: int, some: set[int]) -> None:
        keys = self.pick(some)
        gone = {k: i for k in keys if not (i := self.model.images[k]).exists}
        if len({image.path for image in gone.values()}) < len(gone):
            return  # two that want one path: which comes back is not promised
        result = label_edits.restore_assets(self.writers[who], keys, actor=Actor("tester"))
        taken = {self.model.images[key].path for key in self.model.living()}
        free = {k: i for k, i in gone.items() if i.path not in taken}
        self.expect(result, {k: replace(i, exists=True) for k, i in free.items()})

    @rule(who=writer, label=st.integers(0, 5), name=st.sampled_from(["cat", "dog", "lynx"]))
    def rename(self, who: int, label: int, name: str) -> None:
        chosen = self.pick_label(label)
        if chosen is None or self.model.classes[chosen].name == name:
            return
        taken = any(c.name == name for c in self.model.classes.values())
        try:
            classes.rename_class(self.writers[who], chosen, name, actor=Actor("tester"))
        except Conflict:
            assert taken
            return
        assert not taken
        self.model.commit(new_classes={chosen: replace(self.model.classes[chosen], name=name)})

    @rule(who=writer, label=st.integers(0, 5), color=st.sampled_from(["#000001", "#000002"]))
    def paint(self, who: int, label: int, color: str) -> None:
        chosen = self.pick_label(label)
        if chosen is None:
            return
        result = classes.edit_class(self.writers[who], chosen, actor=Actor("tester"), color=color)
        now = self.model.classes[chosen]
        assert (result.status == "applied") == (now.color != color)
        if now.color != color:
            self.model.commit(new_classes={chosen: replace(now, color=color)})

    @rule(who=writer, label=st.integers(0, 5), into=st.integers(0, 5))
    def merge(self, who: int, label: int, into: int) -> None:
        old, new = self.pick_label(label), self.pick_label(into)
        if old is None or new is None or old == new:
            return
        class_merges.merge_classes(self.writers[who], old, new, actor=Actor("tester"))
        self.retire_in_model(old, new)

    @rule(who=writer, label=st.integers(0, 5))
    def retire(self, who: int, label: int) -> None:
        chosen = self.pick_label(label)
        if chosen is not None:
            class_merges.retire_class(
                self.writers[who], chosen, actor=Actor("tester"), unlabel=True
            )
            self.retire_in_model(chosen, None)

    def retire_in_model(self, label: int, into: int | None) -> None:
        images = {k: i for k in self.model.living() if (i := self.model.images[k]).label == label}
        self.model.commit(
            {k: replace(i, label=into) for k, i in images.items()},
            {label: replace(self.model.classes[label], is_retired=True, merged_into=into)},
        )

    @precondition(lambda self: len(self.model.changes) > 1)
    @rule(who=writer, back=st.integers(0, 12))
    def undo(self, who: int, back: int) -> None:
        number = max(1, len(self.model.changes) - 1 - back)
        wanted = self.model.undo(number)
        try:
            result = history.undo(self.writers[who], number, actor=Actor("tester"))
        except (Conflict, InvalidInput):
            assert wanted == "refused"
            return
        assert result.status == wanted

    @invariant()
    def every_state_can_be_read(self) -> None:
        if not hasattr(self, "writers"):
            return
        reader = self.writers[0]
        assert history.latest_revision_id(reader) == len(self.model.states) - 1
        for number, wanted in enumerate(self.model.states):
            found = [
                (row.asset_id, row.file_path, row.label_id, row.label_name, row.split_type)
                for row in history.as_of(reader, number)
            ]
            assert found == wanted, f"revision {number}"
        with self.writers[1].database.read() as uow:
            today = [
                (row.asset_id, row.file_path, row.label_id, row.label_name, row.split_type)
                for row in uow.assets.list_all()
            ]
            assert today == self.model.states[-1]
            looks = {label.label_id: (label.name, label.color) for label in uow.labels.list_all()}
            assert looks == {k: (c.name, c.color) for k, c in self.model.classes.items()}
            assert set(uow.counts.list_all()) == set(uow.counts.list_recounted())


def _run(
    make_url: Callable[[], str], drop: Callable[[str], None], folder: Path, examples: int
) -> None:
    machine = type(
        "AnySequence",
        (Sequences,),
        {"make_url": staticmethod(make_url), "drop": staticmethod(drop), "folder": folder},
    )
    run_state_machine_as_test(
        machine,
        settings=settings(
            max_examples=examples,
            stateful_step_count=STEPS,
            deadline=None,
            derandomize=ASKED is None,
            database=None,
            suppress_health_check=list(HealthCheck),
        ),
    )


@pytest.mark.slow
def test_any_sequence__on_sqlite(tmp_path: Path) -> None:
    template = tmp_path / "template.db"
    made = Database(f"sqlite:///{template}")
    made.upgrade()
    made.dispose()
    data = template.read_bytes()
    numbers = itertools.count()

    def make_url() -> str:
        path = tmp_path / f"{next(numbers)}.db"
        path.write_bytes(data)
        return f"sqlite:///{path}"

    _run(make_url, lambda url: None, tmp_path, EXAMPLES)


@pytest.mark.slow
def test_any_sequence__on_postgres(
    postgres_server: sqlalchemy.URL, postgres_template: sqlalchemy.URL, tmp_path: Path
) -> None:
    engine = sqlalchemy.create_engine(postgres_server, isolation_level="AUTOCOMMIT")

    def administer(statement: str) -> None:
        with engine.connect() as connection:
            connection.exec_driver_sql(statement)

    def make_url() -> str:
        name = f"forge_sequence_{uuid.uuid4().hex[:10]}"
        administer(f"CREATE DATABASE {name} TEMPLATE {postgres_template.database}")
        return postgres_server.set(database=name).render_as_string(hide_password=False)

    def drop(url: str) -> None:
        administer(f"DROP DATABASE {sqlalchemy.make_url(url).database} WITH (FORCE)")

    _run(make_url, drop, tmp_path, POSTGRES_EXAMPLES)
    engine.dispose()
