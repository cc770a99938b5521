"""An alias means a checkpoint since a time; what it meant before can be told and come back."""

import asyncio
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path

import pytest

from db.enums import RegistryAction
from db.run_records import RegistryEntry
from forge_core import file_hashes
from forge_core.cli import opening
from forge_core.errors import CheckpointRejected, Conflict, ForgeError, InvalidInput, NotFound
from forge_core.people.actor import Actor
from forge_core.registry import aliases, entries
from forge_core.runs import removal
from forge_core.runs.files import checkpoints
from forge_core.serving import loading
from forge_core.serving.options import ServiceOptions
from forge_core.serving.service import Service
from forge_core.workspace import Workspace

ANA = Actor("ana")


def point(workspace: Workspace, alias: str, run_id: int) -> RegistryEntry:
    """Let an alias mean the best checkpoint of a run, without evidence."""
    return entries.append(
        workspace,
        alias,
        RegistryAction.PROMOTE,
        checkpoints.find_checkpoint(workspace, run_id),
        expected=entries.find_newest(workspace, alias),
        actor=ANA,
    )


def date_back(workspace: Workspace, entry: RegistryEntry, moment: datetime) -> None:
    with workspace.database.write() as uow:
        uow.session.connection().exec_driver_sql(
            f"UPDATE registry_entries SET created_at = '{moment:%Y-%m-%d %H:%M:%S}.000000' "
            f"WHERE entry_id = {entry.entry_id}"
        )


def test_alias__names_the_checkpoint_for_every_command(pair: Workspace) -> None:
    point(pair, "Production", 2)
    expected = pair.folder / "runs/run-2/best.safetensors"
    assert opening.checkpoint_of("production", pair.folder) == expected
    assert opening.checkpoint_of("PRODUCTION ", pair.folder, "best") == expected
    with pytest.raises(InvalidInput, match="best weights of run 2, not the last"):
        opening.checkpoint_of("production", pair.folder, "last")
    with pytest.raises(NotFound, match="phone") as told:
        opening.checkpoint_of("phone", pair.folder)
    assert "production" in told.value.next_step


def test_alias__promoted_while_a_service_runs_is_taken_into_use(pair: Workspace) -> None:
    point(pair, "production", 2)
    source = opening.checkpoint_source("production", pair.folder)
    service = Service(source, partial(loading.load, device="cpu"), ServiceOptions())
    before = service.model.engine.served.sha256
    assert not asyncio.run(service.model.look_again())
    point(pair, "production", 1)
    assert asyncio.run(service.model.look_again())
    assert service.model.engine.served.sha256 == file_hashes.hash_file(source()) != before


def test_alias__that_is_a_file_too_is_asked_about(
    pair: Workspace, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("phone").write_bytes(b"weights")
    assert opening.checkpoint_of("phone", pair.folder) == Path("phone")
    point(pair, "phone", 1)
    with pytest.raises(InvalidInput, match="an alias, and a file"):
        opening.checkpoint_of("phone", pair.folder)
    assert opening.checkpoint_of("./phone", pair.folder) == Path("phone")


@pytest.mark.parametrize("name", ["", "12", "best.safetensors", "a/b", "-x", "x" * 65, "a\nb", "٣"])
def test_alias__that_could_be_taken_for_something_else_is_refused(name: str) -> None:
    with pytest.raises(InvalidInput, match="cannot be an alias"):
        aliases.check_alias(name)


def test_history__tells_what_held_at_a_time(pair_on_both: Workspace) -> None:
    noon = datetime(2026, 11, 3, 12)
    date_back(pair_on_both, point(pair_on_both, "production", 1), noon)
    date_back(pair_on_both, point(pair_on_both, "production", 2), noon + timedelta(hours=4))
    runs = [
        found and found.run_id
        for found in (
            aliases.find_at(pair_on_both, "production", noon + timedelta(hours=hours))
            for hours in (-1, 0, 2, 4, 100)
        )
    ]
    assert runs == [None, 1, 1, 2, 2]
    in_zone = datetime.fromisoformat("2026-11-03T16:30+02:00")
    assert aliases.find_at(pair_on_both, "production", in_zone).run_id == 1


def test_roll_back__goes_back_step_by_step_and_never_to_what_was_left(
    pair_on_both: Workspace,
) -> None:
    for run_id in (1, 2, 1):
        point(pair_on_both, "production", run_id)
    back = entries.roll_back(pair_on_both, "production", actor=ANA, reason="wrong on Mondays")
    assert (back.version, back.run_id, back.author) == (4, 2, "ana")
    assert entries.roll_back(pair_on_both, "production", actor=ANA).run_id == 1
    with pytest.raises(NotFound, match="has not meant another checkpoint"):
        entries.roll_back(pair_on_both, "production", actor=ANA)
    assert [each.run_id for each in aliases.list_history(pair_on_both, "production")] == [
        1,
        2,
        1,
        2,
        1,
    ]


def test_withdrawn__means_nothing_and_can_come_back(pair_on_both: Workspace) -> None:
    point(pair_on_both, "production", 1)
    entries.withdraw(pair_on_both, "production", actor=ANA)
    assert aliases.find_current(pair_on_both, "production") is None
    assert aliases.list_current(pair_on_both) == []
    assert entries.roll_back(pair_on_both, "production", actor=ANA).run_id == 1


def test_two_who_decide_at_once__the_second_is_told(pair_on_both: Workspace) -> None:
    seen = entries.find_newest(pair_on_both, "production")
    point(pair_on_both, "production", 1)
    with pytest.raises(Conflict, match="Somebody else"):
        entries.append(
            pair_on_both,
            "production",
            RegistryAction.PROMOTE,
            checkpoints.find_checkpoint(pair_on_both, 2),
            expected=seen,
            actor=ANA,
        )
    assert aliases.get_current(pair_on_both, "production").run_id == 1


def test_checkpoint_written_anew__is_not_what_was_promoted(pair: Workspace) -> None:
    point(pair, "production", 2)
    with pair.database.write() as uow:
        uow.session.connection().exec_driver_sql(
            f"UPDATE checkpoints SET content_hash = '{'0' * 64}' WHERE run_id = 2"
        )
    with pytest.raises(CheckpointRejected, match="has written another one since"):
        aliases.checkpoint_path(pair, "production")


def test_run_with_an_alias__cannot_be_removed_until_it_answers_no_more(
    pair_on_both: Workspace,
) -> None:
    point(pair_on_both, "production", 2)
    with pytest.raises(Conflict, match="Run 2 answers as production"):
        removal.delete_run(pair_on_both, 2)
    point(pair_on_both, "production", 1)
    assert removal.list_former_aliases(pair_on_both, 2) == ["production"]
    removal.delete_run(pair_on_both, 2)
    with pytest.raises(ForgeError):
        entries.roll_back(pair_on_both, "production", actor=ANA)
    assert aliases.list_history(pair_on_both, "production")[-1].run_id == 2
