"""Supervisors of tests (see `supervising`), and a small checkpoint to predict with."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from io import BytesIO
from pathlib import Path

import pytest
import torch
from PIL import Image

from forge_core.augmentation.eval_transform import EvalTransform
from forge_core.jobs import supervision
from forge_core.models.checkpoints import checkpoint
from forge_core.models.checkpoints.model_card import ModelCard
from forge_core.models.networks.forge_cnn import ForgeCNN
from forge_core.settings import Settings
from forge_core.workspace import Workspace, open_workspace
from tests import ending, trained
from tests.databases import on_postgres
from tests.forge_core.jobs.supervising import Supervising
from tests.forge_core.serving.loopback import sitecustomize


@pytest.fixture
def supervising(workspace: Workspace) -> Iterator[Supervising]:
    """Supervisors of the tests' workspace, on both databases."""
    control = Supervising(workspace)
    yield control
    control.end()


@pytest.fixture
def sqlite_supervising(sqlite_workspace: Workspace) -> Iterator[Supervising]:
    """The same on SQLite only."""
    control = Supervising(sqlite_workspace)
    yield control
    control.end()


@pytest.fixture
def no_supervisor(monkeypatch: pytest.MonkeyPatch) -> None:
    """Jobs stay queued, unless the test runs them itself, in this process."""
    monkeypatch.setattr(supervision, "ensure_supervisor", lambda *_, **__: None)


@pytest.fixture
def watched_processes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Callable[[], list[str]]]:
    """The commands of all processes started since, none of which may leave this machine."""
    told = tmp_path / "told.txt"
    monkeypatch.setenv(sitecustomize.VARIABLE, str(told))
    monkeypatch.setenv("PYTHONPATH", str(Path(sitecustomize.__file__).parent))

    def lines() -> list[str]:
        return told.read_text().splitlines() if told.exists() else []

    yield lines
    assert [line for line in lines() if not line.startswith("watched")] == []


@pytest.fixture(scope="module")
def tended(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Workspace]:
    """A SQLite workspace whose supervisor runs already, shared by the tests of a module."""
    folder = tmp_path_factory.mktemp("tended")
    opened = open_workspace(Settings(_env_file=None, workspace=folder, user="tester"))
    control = Supervising(opened)
    control.start("3600")  # idle between two of its tests for as long as the others take
    yield opened
    control.end()
    opened.database.dispose()


@pytest.fixture(params=["sqlite", "postgres"])
def finished(
    request: pytest.FixtureRequest, finished_run_folder: Path, tmp_path: Path
) -> Iterator[Workspace]:
    """A copy of that workspace which the test may change, on both databases."""
    with ExitStack() as made:
        url = ""
        if request.param == "postgres":
            template = request.getfixturevalue("finished_run_template")
            copied = made.enter_context(on_postgres.made(template, copied=True))
            url = copied.render_as_string(hide_password=False)
        opened = trained.open_copy(finished_run_folder, tmp_path / "copy", url)
        yield opened
        ending.end_jobs(opened)
        opened.database.dispose()


@pytest.fixture(scope="session")
def checkpoint_path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A ForgeCNN that tells red, green and blue pictures apart."""
    torch.manual_seed(0)
    transform = EvalTransform(resize=20, crop=16)
    model = ForgeCNN(3, input_size=16)
    optimizer = torch.optim.Adam(model.parameters(), lr=1e-3)
    labels = torch.arange(24) % 3
    for _ in range(12):
        pixels = torch.randint(0, 90, (24, 3, 20, 20))
        pixels[torch.arange(24), labels] += 150
        inputs = transform.finish(pixels.to(torch.uint8))
        optimizer.zero_grad()
        torch.nn.functional.cross_entropy(model(inputs), labels).backward()
        optimizer.step()
    card = ModelCard(
        architecture="forge_cnn",
        class_names=("red", "green", "blue"),
        label_ids=(1, 2, 3),
        eval_transform=transform,
        run_id=12,
    )
    path = tmp_path_factory.mktemp("checkpoint") / "best.safetensors"
    checkpoint.save_checkpoint(path, model, card)
    return path


@pytest.fixture
def make_png() -> Callable[..., bytes]:
    """Make the bytes of a one-coloured PNG."""

    def make(color: str, size: tuple[int, int] = (30, 20)) -> bytes:
        buffer = BytesIO()
        Image.new("RGB", size, color).save(buffer, "PNG")
        return buffer.getvalue()

    return make
