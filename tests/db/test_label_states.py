"""States of classes: what each was called and whether it was in use, by revision."""

from db.unit_of_work import UnitOfWork
from forge_core.catalog.revisions import journal
from forge_core.catalog.revisions.journal import Operation
from forge_core.people.actor import Actor
from forge_core.workspace import Workspace


def new_revision(uow: UnitOfWork, kind: str) -> int:
    return journal.begin_revision(uow, Operation.of(kind, actor=Actor("tester")))


def add_class(uow: UnitOfWork, name: str, revision_id: int) -> int:
    return uow.labels.add(
        name=name, color="#000000", hotkey=None, description="", revision_id=revision_id
    )


def test_states__a_class_has_the_state_of_each_revision(workspace: Workspace) -> None:
    with workspace.database.write() as uow:
        first = new_revision(uow, "create_class")
        cat, dog = add_class(uow, "cat", first), add_class(uow, "dog", first)
        second = new_revision(uow, "rename_class")
        uow.labels.update_name(cat, "lynx", revision_id=second)
        third = new_revision(uow, "merge_class")
        uow.labels.set_state(cat, revision_id=third, name="lynx", is_retired=True, merged_into=dog)
    with workspace.database.read() as uow:
        assert uow.labels.list_states_as_of(0) == {}
        assert {k: s.name for k, s in uow.labels.list_states_as_of(first).items()} == {
            cat: "cat",
            dog: "dog",
        }
        assert uow.labels.list_names_as_of(second) == {cat: "lynx", dog: "dog"}
        now = uow.labels.list_states_as_of(third)
        assert (now[cat].is_retired, now[cat].merged_into_label_id) == (True, dog)
        assert (now[dog].is_retired, now[dog].merged_into_label_id) == (False, None)
        assert [state.label_id for state in uow.labels.list_states_in(third)] == [cat]
        assert [state.label_id for state in uow.labels.list_states_in(first)] == [cat, dog]
        assert uow.labels.list_merges() == {cat: dog}
        assert uow.labels.find(cat).is_retired


def test_set_state__twice_in_a_revision_keeps_the_last(workspace: Workspace) -> None:
    with workspace.database.write() as uow:
        revision_id = new_revision(uow, "create_class")
        cat = add_class(uow, "cat", revision_id)
        uow.labels.set_state(cat, revision_id=revision_id, name="lynx", is_retired=True)
    with workspace.database.read() as uow:
        [state] = uow.labels.list_states_in(revision_id)
        assert (state.name, state.is_retired) == ("lynx", True)


def test_update_name__of_a_merged_class_leaves_it_merged(workspace: Workspace) -> None:
    with workspace.database.write() as uow:
        first = new_revision(uow, "create_class")
        cat, dog = add_class(uow, "cat", first), add_class(uow, "dog", first)
        second = new_revision(uow, "merge_class")
        uow.labels.set_state(cat, revision_id=second, name="cat", is_retired=True, merged_into=dog)
        third = new_revision(uow, "rename_class")
        uow.labels.update_name(cat, "old cat", revision_id=third)
        assert uow.labels.find_latest_state(cat).merged_into_label_id == dog
        assert uow.labels.list_merges() == {cat: dog}
