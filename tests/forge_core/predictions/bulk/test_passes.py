"""A pass over many files keeps their order and goes on where it was interrupted, byte for byte."""

import csv
import zipfile
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import pytest
from PIL import Image

from forge_core.errors import Conflict, InvalidInput
from forge_core.imaging.decode import DEFAULT_LIMITS
from forge_core.inference.predictor import Predictor
from forge_core.predictions.bulk import passes, sources
from forge_core.predictions.bulk.passes import PassReport
from forge_core.progress import SILENT, Cancelled, Progress
from tests.forge_core.cli.commands import forge

ODD_NAMES = ["=1+1.png", 'say "a", b.png', "line\nbreak.png", "zwölf.png"]


@pytest.fixture
def predictor(checkpoint_path: Path, monkeypatch: pytest.MonkeyPatch) -> Predictor:
    """A small network, and small batches, of which a pass has several."""
    monkeypatch.setattr(passes, "WINDOW", 4)
    monkeypatch.setattr(passes, "BLOCK", 8)
    return Predictor.load(checkpoint_path, "cpu")


@pytest.fixture
def photos(tmp_path: Path) -> Path:
    """27 images of noise in folders, two that cannot be read, and what is no image."""
    folder = tmp_path / "photos"
    numbers = np.random.default_rng(0)
    names = [f"{'b' if place % 2 else 'a'}/{place:02}.png" for place in range(23)] + ODD_NAMES
    for name in names:
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(numbers.integers(0, 255, (20, 24, 3), np.uint8)).save(path)
    (folder / "a/05x.png").write_bytes(b"no picture")
    (folder / "b/empty.jpg").write_bytes(b"")
    (folder / "notes.txt").write_text("not asked for")
    (folder / ".hidden.png").write_bytes(b"")
    return folder


def run(
    predictor: Predictor, named: Path, out: Path, progress: Progress = SILENT, **options: object
) -> PassReport:
    source = sources.open_source([named])
    try:
        return passes.predict_all(
            predictor, source, out, limits=DEFAULT_LIMITS, progress=progress, **options
        )
    finally:
        source.close()


def rows_of(out: Path) -> list[dict[str, str]]:
    with out.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def stopping_after(num_batches: int) -> Progress:
    asked = iter([False] * num_batches)
    return Progress(should_stop=lambda: next(asked, True))


@pytest.mark.parametrize("ending", [".csv", ".parquet"])
def test_interrupted__goes_on_and_gives_the_same_bytes(
    predictor: Predictor, photos: Path, tmp_path: Path, ending: str
) -> None:
    whole, parts = tmp_path / f"whole{ending}", tmp_path / f"parts{ending}"
    run(predictor, photos, whole)
    reports = []
    for num_batches in (1, 3, 5):
        with pytest.raises(Cancelled):
            run(predictor, photos, parts, stopping_after(num_batches))
        assert not parts.exists()
        with Path(f"{parts}.partial").open("ab") as file:
            file.write(b"half of a row")  # of a process that was killed while it wrote
    reports.append(run(predictor, photos, parts))
    assert reports == [PassReport(num_files=29, num_failed=2, num_before=24)]
    assert parts.read_bytes() == whole.read_bytes()
    assert sorted(path.name for path in tmp_path.glob("parts*")) == [parts.name]


def test_rows__are_in_order_and_say_what_the_network_says(
    predictor: Predictor, photos: Path, tmp_path: Path
) -> None:
    out, table = tmp_path / "out.csv", tmp_path / "out.parquet"
    run(predictor, photos, out, top_k=2)
    run(predictor, photos, table, top_k=2)
    rows, columns = rows_of(out), pq.read_table(table).to_pylist()
    paths = [row["path"] for row in columns]
    assert paths == sorted(paths)
    assert set(ODD_NAMES) <= set(paths)
    assert [row["path"].removeprefix("'") for row in rows] == paths
    assert "'=1+1.png" in [row["path"] for row in rows]
    for row, column in zip(rows, columns, strict=True):
        data = (photos / column["path"]).read_bytes()
        (found,) = predictor.predict_many([data], 2)
        if column["error"]:
            assert row["error"] == column["error"] == found.message
            assert (row["label"], column["label"]) == ("", None)
            continue
        best, second = found.probabilities
        assert (row["label"], column["label_2"]) == (best.label_name, second.label_name)
        assert column["probability"] == pytest.approx(best.probability, abs=2e-6)
        assert float(row["probability_2"]) == column["probability_2"]
    assert [Path(row["path"]).name for row in columns if row["error"]] == ["05x.png", "empty.jpg"]


def test_zip_and_list__give_what_the_folder_gives(
    predictor: Predictor, photos: Path, tmp_path: Path
) -> None:
    names = [file.name for file in sources.open_source([photos]).files() if "\n" not in file.name]
    packed, listed = tmp_path / "photos.zip", photos / "list.txt"
    with zipfile.ZipFile(packed, "w") as archive:
        for name in names:
            archive.write(photos / name, name)
        archive.writestr("__MACOSX/._a.png", b"")
    listed.write_text("\n\n".join(names), encoding="utf-8")
    for named in (packed, listed):
        run(predictor, named, tmp_path / f"{named.name}.csv")
    tables = [(tmp_path / f"{named.name}.csv").read_bytes() for named in (packed, listed)]
    assert tables[0] == tables[1]
    assert len(rows_of(tmp_path / "photos.zip.csv")) == len(names)


def test_zip__a_bomb_is_a_row_with_a_reason(predictor: Predictor, tmp_path: Path) -> None:
    packed = tmp_path / "photos.zip"
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("bomb.png", bytes(DEFAULT_LIMITS.max_bytes + 1))
    report = run(predictor, packed, tmp_path / "out.csv")
    assert (report.num_files, report.num_failed) == (1, 1)
    assert "larger than" in rows_of(tmp_path / "out.csv")[0]["error"]


def test_what_was_left_of_something_else__is_not_gone_on_with(
    predictor: Predictor, photos: Path, tmp_path: Path
) -> None:
    out = tmp_path / "out.csv"
    with pytest.raises(Cancelled):
        run(predictor, photos, out, stopping_after(5))
    with pytest.raises(Conflict, match="classes named: 3, now 1"):
        run(predictor, photos, out, top_k=1)
    (photos / "a/00.png").rename(photos / "a/000.png")
    with pytest.raises(Conflict, match="added, removed or renamed"):
        run(predictor, photos, out)
    assert run(predictor, photos, out, anew=True).num_before == 0
    with pytest.raises(Conflict, match="is there already"):
        run(predictor, photos, out)


def test_sources__that_cannot_be_are_refused_in_words(tmp_path: Path) -> None:
    (tmp_path / "broken.zip").write_bytes(b"PK")
    (tmp_path / "none.txt").write_text("\n")
    for name in ("missing", "broken.zip", "none.txt"):
        with pytest.raises(InvalidInput, match=name.split(".")[0]):
            sources.open_source([tmp_path / name])


def test_command__writes_a_table_and_says_what_could_not_be_read(
    checkpoint_path: Path, photos: Path, tmp_path: Path
) -> None:
    out = tmp_path / "out.parquet"
    said = forge("predict", checkpoint_path, photos, "--out", out, "--device", "cpu")
    assert said.exit_code == 0, said.stderr
    assert "29 files" in said.stdout
    assert "2 could not be read" in said.stdout
    assert pq.read_metadata(out).num_rows == 29
    assert "--out" in forge("predict", checkpoint_path, photos).stderr
