"""Paths typed into a page: only where the operator allows it, and never a device or a pipe."""

import os
import socket
from pathlib import Path

import pytest

from forge_core.catalog.importing import import_plan, server_paths
from forge_core.errors import InvalidInput, NotFound
from forge_core.settings import Settings
from forge_core.workspace import Workspace
from tests import arrange


def settings(*roots: Path | str) -> Settings:
    return Settings(_env_file=None, import_roots=os.pathsep.join(str(root) for root in roots))


def test_roots__any_path_on_this_machine_none_over_a_network():
    assert server_paths.import_roots(settings(), is_loopback=True) is None
    assert server_paths.import_roots(settings(), is_loopback=False) == ()


@pytest.mark.parametrize("is_loopback", [True, False])
def test_roots__named_ones_hold_everywhere(tmp_path: Path, is_loopback: bool):
    (tmp_path / "link").symlink_to(tmp_path / "photos")
    roots = server_paths.import_roots(
        settings(tmp_path / "link", "", " /data "), is_loopback=is_loopback
    )
    assert roots == (tmp_path / "photos", Path("/data"))


def test_allowed__below_a_root_and_the_root_itself(tmp_path: Path):
    for place in (tmp_path, tmp_path / "a", tmp_path / "a" / ".." / "b"):
        assert server_paths.allowed(place, (tmp_path,)) == place.resolve()


def refusal(location: Path, root: Path) -> str:
    try:
        server_paths.kind_of(server_paths.allowed(location, (root,)))
    except (InvalidInput, NotFound) as error:
        return str(error)
    raise AssertionError(location)


@pytest.mark.parametrize(
    "name", ["..", "../secret", "out/secret", "a/../../secret", "a\0b", "x" * 5000]
)
def test_allowed__nothing_leads_out_and_nothing_is_told_of_it(tmp_path: Path, name: str):
    root = tmp_path / "root"
    root.mkdir()
    (root / "out").symlink_to(tmp_path)
    while_missing = refusal(root / name, root)
    (tmp_path / "secret").mkdir()
    assert refusal(root / name, root) == while_missing
    assert len(while_missing) < 1000


def test_allowed__no_root_allows_nothing(tmp_path: Path):
    with pytest.raises(InvalidInput, match="may not be read from a page"):
        server_paths.allowed(tmp_path, ())


def test_special_files__are_refused_at_once(sqlite_workspace: Workspace, tmp_path: Path):
    os.mkfifo(tmp_path / "pipe.zip")
    with socket.socket(socket.AF_UNIX) as door:
        door.bind(str(tmp_path / "door"))
        for path, kind in (
            (Path("/dev/zero"), "a device"),
            (tmp_path / "pipe.zip", "a pipe"),
            (tmp_path / "door", "a socket"),
        ):
            with pytest.raises(InvalidInput, match=f"is {kind}, not a file"):
                import_plan.prepare(sqlite_workspace, path)


@pytest.mark.parametrize("name", ["x" * 5000, "a\0b", "a/" * 3000])
def test_names_that_nothing_can_have__are_not_found_in_a_short_sentence(
    sqlite_workspace: Workspace, tmp_path: Path, name: str
):
    with pytest.raises(NotFound) as refused:
        import_plan.prepare(sqlite_workspace, tmp_path / name)
    assert len(refused.value.message) < 300


def test_links_to_plain_places__are_followed(sqlite_workspace: Workspace, tmp_path: Path):
    (tmp_path / "link").symlink_to(arrange.draw_folder(tmp_path / "drawn"))
    plan = import_plan.prepare(sqlite_workspace, tmp_path / "link")
    assert plan.num_images > 0
