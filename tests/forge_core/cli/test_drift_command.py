"""`forge drift`: a log against the run's own images, an audit, and what is refused."""

import csv
import io
import json
import shutil

import numpy as np

from forge_core.drift import kept_reports, reference
from forge_core.runs.files import checkpoints
from tests import trained
from tests.forge_core.cli.commands import forge, forge_json
from tests.forge_core.drift import logged


def test_drift__compares_the_log_with_the_runs_images_and_takes_an_audit(
    finished_run_folder, tmp_path, monkeypatch
):
    finished = trained.open_copy(finished_run_folder, tmp_path / "copy")
    monkeypatch.setattr(reference, "LEAST_IMAGES", 4)
    file = checkpoints.find_checkpoint(finished, 1)
    model = logged.served(file.content_hash, ["circle", "square", "stripe"])
    random = np.random.default_rng(0)
    probabilities = random.dirichlet([0.2, 0.2, 0.2], 120)
    log = finished.folder / "traffic"
    where = ["-w", finished.folder]
    refused = forge("drift", *where)
    assert (refused.exit_code, "No answer is logged" in refused.stderr) == (1, True)
    logged.write(log, None, probabilities, model, per_day=60)
    found = forge_json("drift", log, "--draw-audit", *where)
    report, audit = found["report"], found["audit"]
    assert (report["num_answers"], report["run_id"], report["compared"]) == (
        120,
        1,
        "probabilities",
    )
    assert report["num_reference"] == 24  # val and test, 4 of each of the 3 classes
    assert [round(share["trained"], 2) for share in report["mix"]] == [0.33, 0.33, 0.33]
    labels = tmp_path / "audit.csv"
    lines = [f"{each['image_sha256']},{each['label_name']}" for each in audit["images"]]
    labels.write_text("image_sha256,label\n" + "\n".join(lines))
    after = forge_json("drift", "--labels", labels, *where)["report"]
    assert after["num_labels"] == 50
    assert after["audited"]["value"] > 0.9  # all were said to be right
    assert "after an audit" in after["sentence"] or "By the audit" in after["sentence"]
    table = list(csv.DictReader(io.StringIO(forge("drift", "--csv", *where).stdout)))
    assert [(row["day"], row["answers"]) for row in table] == [
        ("2026-11-01", "60"),
        ("2026-11-02", "60"),
    ]
    said = forge("drift", *where).stdout
    assert json.dumps(after["sentence"])[1:-1] in said
    shown = kept_reports.find(finished)
    elsewhere = shutil.copytree(log, tmp_path / "elsewhere")
    other = forge("drift", elsewhere, *where)
    assert "--keep shows this" in other.stderr
    assert kept_reports.find(finished) == shown
    forge("drift", elsewhere, "--keep", *where)
    assert kept_reports.find(finished).folder == str(elsewhere)
    unknown = forge("drift", "nobody", *where)
    assert (unknown.exit_code, "no alias 'nobody'" in unknown.stderr) == (1, True)
    finished.database.dispose()
