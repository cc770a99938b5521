"""The page Drift: nothing logged, a report, and an audit that is answered by clicks."""

import json
from dataclasses import asdict
from io import BytesIO

from forge_core.catalog.listing import queues
from forge_core.drift import audits, judging, kept_reports, traffic
from forge_core.jobs import supervision
from forge_core.workspace import Workspace
from tests.arrange import draw_image
from tests.forge_core.drift import logged
from tests.pages.visiting import press, primary, visit, words

PAGE = "models/drift.py"


def keep(workspace: Workspace) -> judging.DriftReport:
    """A report of a log with pictures, whose images are partly unlike the reference."""
    embeddings, probabilities, _ = logged.draw(120, seed=7)
    embeddings[::4, 6] -= 12
    buffer = BytesIO()
    draw_image("circle", 1).save(buffer, "PNG")
    folder = kept_reports.standard_folder(workspace)
    pictures = [buffer.getvalue()] * 120
    logged.write(folder, embeddings, probabilities, per_day=60, pictures=pictures)
    seen = traffic.read(folder)
    report = judging.judge(seen, logged.reference())
    target = workspace.cache_folder / "drift"
    target.mkdir(parents=True, exist_ok=True)
    (target / "report.json").write_text(json.dumps(asdict(report)))
    return report


def test_nothing_logged__says_how_to_begin(sqlite_workspace: Workspace) -> None:
    app = visit(PAGE)
    assert "Nothing is logged yet" in words(app)
    assert "--traffic-log" in app.code[0].value
    assert "page_frame_action" not in [button.key for button in app.button]


def test_a_report__says_first_that_nothing_can_be_known(
    sqlite_workspace: Workspace, monkeypatch
) -> None:
    monkeypatch.setattr(supervision, "ensure_supervisor", lambda *_, **__: None)
    report = keep(sqlite_workspace)
    app = visit(PAGE)
    assert not app.exception
    assert [box.value for box in app.error] == [report.sentence]
    assert "cannot be known" in report.sentence
    assert app.metric[0].value == "cannot be known"
    assert "Put 50 into Review" in [button.label for button in app.button]
    primary(app).click().run()
    job = kept_reports.find_job(sqlite_workspace)
    assert job is not None
    assert job.title == "Look at the traffic"


def test_an_audit__is_answered_by_clicks_and_taken_back(sqlite_workspace: Workspace) -> None:
    report = keep(sqlite_workspace)
    folder = kept_reports.standard_folder(sqlite_workspace)
    seen = traffic.read(folder)
    audits.draw(seen, seen.confidence, seed=1)
    app = visit(PAGE)
    press(app, "dog")
    press(app, "None of the classes")
    audit = audits.find(folder, report.checkpoint_sha256)
    assert audit is not None
    assert list(audit.said.values()) == ["dog", "none of the classes"]
    press(app, "Undo: none of the classes")
    audit = audits.find(folder, report.checkpoint_sha256)
    assert audit is not None
    assert list(audit.said.values()) == ["dog"]
    assert "1 of 50 checked" in app.get("progress")[0].proto.text


def test_what_the_shadow_answers_otherwise__goes_into_review(sqlite_workspace: Workspace) -> None:
    buffer = BytesIO()
    draw_image("circle", 1).save(buffer, "PNG")
    folder = kept_reports.standard_folder(sqlite_workspace)
    logged.disagree(folder, [buffer.getvalue(), b"not kept"], kept=1)
    app = visit(PAGE)
    assert "2 images got another answer" in words(app)
    assert "Of 1 no picture is kept" in words(app)
    press(app, "Put 1 into Review")
    state = queues.find_state(sqlite_workspace, queues.find_queue("shadow"))
    assert state.num_images == 1
