"""Each recipe of docs/extending.md, followed as it is written: the product uses what it adds."""

import json
import shutil
import sys
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
import torch
from typer.testing import CliRunner

from db.enums import EndRequest, JobStatus
from db.records import AssetFilter
from db.repositories import filters
from forge_core.augmentation.eval_transform import EvalTransform
from forge_core.catalog.formats import recognition
from forge_core.catalog.importing import import_plan
from forge_core.catalog.listing import filter_fields
from forge_core.cli.main import app as forge
from forge_core.handlers import registry
from forge_core.jobs import kinds, queue
from forge_core.models import architectures
from forge_core.models.checkpoints import checkpoint
from forge_core.models.checkpoints.model_card import ModelCard
from forge_core.models.networks import construction
from forge_core.training.config import TrainConfig
from forge_core.workspace import Workspace
from pages.components.frame import navigation
from tests import arrange
from tests.forge_core.api import browsing
from tests.forge_core.handlers.running import run_here
from tests.pages import visiting
from tests.recipes import applying

NAVIGATION = "pages/components/frame/navigation.py"


@pytest.fixture
def undone() -> Iterator[ExitStack]:
    """What is entered here is left at the end of the test."""
    with ExitStack() as stack:
        yield stack


def test_the_guide_has_a_recipe_for_each_thing_that_is_added() -> None:
    assert list(applying.sections()) == [
        "A page",
        "A kind of job",
        "An import format",
        "An architecture",
        "A filter",
    ]


def test_a_page__is_offered_and_drawn(
    sqlite_workspace: Workspace, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    changed = applying.follow("A page", monkeypatch)[NAVIGATION]
    (page,) = (b for b in applying.sections()["A page"] if b.place == applying.NEW)
    folder = tmp_path / "pages"
    shutil.copytree(applying.ROOT / "pages", folder, ignore=shutil.ignore_patterns("__pycache__"))
    (tmp_path / page.file).write_text(page.text, encoding="utf-8")
    for module in (changed, navigation):
        monkeypatch.setattr(module, "PAGES_FOLDER", folder)
    for section, entries in changed.SECTIONS.items():
        monkeypatch.setitem(navigation.SECTIONS, section, entries)
    assert navigation.find_page("sources").title == "Sources"
    monkeypatch.setitem(visiting.ADDRESS_OF_FILE, "data/sources.py", "sources")

    app = visiting.visit("data/sources.py")
    assert not app.exception
    assert [title.value for title in app.title] == ["Sources"]
    assert "No images yet." in visiting.words(app)
    assert visiting.primary(app).label == "Import images"

    arrange.import_folder(sqlite_workspace, arrange.draw_folder(tmp_path / "drawn"))
    app.run()
    assert not app.exception
    assert app.dataframe[0].value.to_dict("records") == [{"Source": "drawn", "Images": 12}]


def test_a_kind_of_job__is_queued_and_run_by_the_worker(
    sqlite_workspace: Workspace,
    tmp_path: Path,
    undone: ExitStack,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    changed = applying.follow("A kind of job", monkeypatch)
    listed = changed["forge_core/jobs/kinds.py"].KINDS
    handlers = changed["forge_core/handlers/registry.py"].HANDLERS
    undone.enter_context(applying.taken_over(kinds.KINDS, listed))
    undone.enter_context(applying.taken_over(registry.HANDLERS, handlers))
    assert set(registry.HANDLERS) == set(kinds.KINDS)
    assert kinds.find("check_files").noun == "file"
    arrange.import_folder(sqlite_workspace, arrange.draw_folder(tmp_path / "drawn"))
    gone = arrange.list_all(sqlite_workspace)[5].file_path
    sqlite_workspace.store.remove(gone)

    with sqlite_workspace.database.write() as uow:
        job = queue.add_in(uow, "check_files", "Check the files", {}, actor=arrange.ACTOR)
    assert [active.job_id for active in queue.list_active_jobs(sqlite_workspace)] == [job.job_id]
    assert run_here(sqlite_workspace, job.job_id) == 0
    done = queue.get_job(sqlite_workspace, job.job_id)
    assert (done.status, done.result) == (JobStatus.SUCCEEDED, {"missing": [gone]})
    assert (done.progress.done, done.progress.total, done.progress.fraction) == (12, 12, 1.0)


def test_a_kind_of_job__ends_when_it_is_cancelled(
    sqlite_workspace: Workspace,
    tmp_path: Path,
    undone: ExitStack,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    changed = applying.follow("A kind of job", monkeypatch)
    handlers = changed["forge_core/handlers/registry.py"].HANDLERS
    undone.enter_context(applying.taken_over(registry.HANDLERS, handlers))
    arrange.import_folder(sqlite_workspace, arrange.draw_folder(tmp_path / "drawn"))
    with sqlite_workspace.database.write() as uow:
        job = queue.add_in(uow, "check_files", "Check the files", {}, actor=arrange.ACTOR)
    handler = registry.HANDLERS["check_files"]

    def cancelled_meanwhile(context):
        with sqlite_workspace.database.write() as uow:
            uow.jobs.update_if(job.job_id, [JobStatus.RUNNING], end_requested=EndRequest.CANCEL)
        context.ask_to_stop()
        return handler(context)

    registry.HANDLERS["check_files"] = cancelled_meanwhile
    run_here(sqlite_workspace, job.job_id)
    assert queue.get_job(sqlite_workspace, job.job_id).status == JobStatus.CANCELLED


def test_an_import_format__is_recognised_previewed_and_imported(
    sqlite_workspace: Workspace,
    tmp_path: Path,
    undone: ExitStack,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    changed = applying.follow("An import format", monkeypatch)
    listed = changed["forge_core/catalog/formats/recognition.py"]
    names = list(recognition.FORMATS)
    undone.enter_context(applying.taken_over(recognition.LABEL_FILES, listed.LABEL_FILES))
    undone.enter_context(applying.taken_over(recognition.FORMATS, listed.FORMATS))
    assert [name for name in recognition.FORMATS if name != "vertex_lines"] == names
    folder = tmp_path / "exported"
    folder.mkdir()
    lines = []
    for number, (use, label) in enumerate([("training", "cat"), ("test", "dog"), ("", "cat")]):
        arrange.draw_image(label, number).save(folder / f"{number}.png")
        line = {"imageGcsUri": f"gs://bucket/{number}.png"}
        line["classificationAnnotation"] = {"displayName": label}
        lines.append(line | {"dataItemResourceLabels": {"aiplatform.googleapis.com/ml_use": use}})
    document = folder / "data.jsonl"
    document.write_text("".join(json.dumps(line) + "\n" for line in lines), encoding="utf-8")

    plan = import_plan.prepare(sqlite_workspace, folder)
    assert (plan.layout, plan.num_images) == ("vertex_lines", 3)
    assert plan.scanned.why == "the lines of a file have an imageGcsUri"
    assert "Google Vertex AI, data.jsonl" in plan.title
    said = CliRunner().invoke(forge, ["import", str(folder), "--dry-run"])
    assert said.exit_code == 0, said.output
    assert "Google Vertex AI" in said.stdout

    report = arrange.import_folder(sqlite_workspace, folder)
    assert (report.added, report.skipped) == (3, [])
    found = {(a.label_name, a.split_type) for a in arrange.list_all(sqlite_workspace)}
    assert found == {("cat", "train"), ("dog", "test"), ("cat", None)}

    document.write_text("[1]\n", encoding="utf-8")
    assert import_plan.prepare(sqlite_workspace, folder).layout != "vertex_lines"
    document.write_text('{"imageGcsUri": "gs://bucket/0.png"}\n[1]\n', encoding="utf-8")
    with pytest.raises(ValueError, match=r"data\.jsonl"):
        import_plan.prepare(sqlite_workspace, folder)


def test_an_architecture__is_built_proven_saved_and_loaded(
    tmp_path: Path, undone: ExitStack, monkeypatch: pytest.MonkeyPatch
) -> None:
    changed = applying.follow("An architecture", monkeypatch)
    listed = changed["forge_core/models/architectures.py"]
    for name in ("FORGE_CNNS", "ARCHITECTURES"):
        used = getattr(architectures, name)
        undone.enter_context(applying.taken_over(used, getattr(listed, name)))
    assert (
        TrainConfig(architecture="forge_cnn_slim", input_size=16).architecture == "forge_cnn_slim"
    )

    torch.manual_seed(0)
    model = construction.build_model("forge_cnn_slim", 10, pretrained=False, input_size=16).eval()
    millions = sum(parameter.numel() for parameter in model.parameters()) / 1e6
    said = architectures.get_architecture("forge_cnn_slim").parameters_millions
    assert said == pytest.approx(millions, abs=0.006)
    card = ModelCard(
        architecture="forge_cnn_slim",
        class_names=tuple("abcdefghij"),
        label_ids=tuple(range(10)),
        eval_transform=EvalTransform(resize=16, crop=16),
    )
    path = tmp_path / "best.safetensors"
    checkpoint.save_checkpoint(path, model, card)
    loaded = checkpoint.load_checkpoint(path)
    images = torch.randn(2, 3, 16, 16)
    with torch.inference_mode():
        assert torch.equal(loaded.model(images), model(images))


def use_everywhere(monkeypatch: pytest.MonkeyPatch, old: type, new: type) -> None:
    """Let each module that imported a class have another one under its name."""
    for module in list(sys.modules.values()):
        if getattr(module, "__dict__", {}).get(old.__name__) is old:
            monkeypatch.setattr(module, old.__name__, new)


def test_a_filter__is_on_the_page_in_the_address_in_commands_and_routes(
    sqlite_workspace: Workspace,
    tmp_path: Path,
    undone: ExitStack,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    changed = applying.follow("A filter", monkeypatch)
    conditions = changed["db/repositories/filters.py"].CONDITIONS
    fields = changed["forge_core/catalog/listing/filter_fields.py"].FIELDS
    use_everywhere(monkeypatch, AssetFilter, changed["db/records.py"].AssetFilter)
    undone.enter_context(applying.taken_over(filters.CONDITIONS, conditions))
    undone.enter_context(applying.taken_over(filter_fields.FIELDS, fields))
    drawn = arrange.draw_folder(tmp_path / "drawn")
    arrange.draw_image("circle", 99).save(drawn / "circle" / "other.jpg")
    arrange.import_folder(sqlite_workspace, drawn)

    app = visiting.visit("data/gallery.py", mime="image/jpeg")
    assert not app.exception
    assert app.selectbox(key="filters_mime").options == ["PNG", "JPEG"]
    assert "image/jpeg files" in visiting.labels_of_buttons(app)
    app.selectbox(key="filters_mime").set_value("image/png").run()
    assert app.query_params["mime"] == "image/png"
    assert "image/png files" in visiting.labels_of_buttons(app)

    browser = browsing.with_token(sqlite_workspace, arrange.ACTOR)
    counted = browser.get("/assets/count", params={"mime": "image/jpeg"})
    assert counted.json()["matching"] == 1
    command = ["assign", "Ana", "--dry-run", "--where", "mime=image/png"]
    assert CliRunner().invoke(forge, command).stdout == "Ana would get 12 images.\n"
