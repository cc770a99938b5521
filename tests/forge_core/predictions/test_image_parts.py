"""Parts of images: bands share no image, and the command line says what the page says."""

from pathlib import Path

import pytest

from db.enums import Measure
from db.records import AssetFilter
from db.repositories import measure_conditions
from forge_core.catalog.listing import asset_list
from forge_core.evaluation import slices
from forge_core.predictions import image_parts, kept_evaluations
from tests.forge_core.cli.commands import forge, forge_json
from tests.trained import open_copy


def test_bands_of_a_measure__hold_each_number_once_and_say_their_lines() -> None:
    numbers = [0.1004, 0.2, 0.2, 0.30049, 0.4, 0.5, 0.6, 0.7]
    bands = image_parts.cut_measures(numbers)
    # Quartiles 0.2, 0.35, 0.525; the lines have three digits.
    assert [words for _, _, words in bands] == [
        "below 0.2",
        "0.2 to 0.35",
        "0.35 to 0.525",
        "0.525 and more",
    ]
    held = [sum(low <= number < high for number in numbers) for low, high, _ in bands]
    assert held == [1, 3, 2, 2]
    assert image_parts.cut_measures([0.5] * 4) == [(0.0, 2.0, "0 to 2")]
    assert image_parts.cut_measures([]) == []


@pytest.mark.parametrize("line", [0.0, 0.2, 12300.0, 1e-05])
def test_a_band__is_written_as_it_is_read(line: float) -> None:
    text = measure_conditions.write_band(Measure.BRIGHTNESS, line, 20000.0)
    found = measure_conditions.read(text)
    assert (found.start, found.below, found.above) == (line, 20000.0, None)


def test_parts_on_the_command_line__are_those_of_the_page_and_count_as_the_gallery(
    finished_run_folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    finished = open_copy(finished_run_folder, tmp_path / "copy")
    monkeypatch.setattr(slices, "MIN_IMAGES", 3)
    where = ("--split", "val", "--device", "cpu", "-w", finished.folder)
    answered = forge_json("evaluate", 1, "--by", "class", "--by", "size", *where)
    number = answered["evaluation_id"]
    kept = kept_evaluations.get(finished, number)
    answers = kept_evaluations.read_answers(finished, number)
    names = dict(zip(kept.label_ids, kept.report.class_names, strict=True))
    _, wanted = image_parts.compare(finished, number, answers, names, None)
    asked = [each for each in wanted if each.kind in (image_parts.LABEL, image_parts.SIZE)]
    assert [(each["by"], each["part"]) for each in answered["parts"]] == [
        (each.kind, each.value) for each in asked
    ]
    assert {each["by"] for each in answered["parts"]} >= {"class"}
    for row, own in zip(answered["parts"], asked, strict=True):
        assert (row["accuracy"], row["p_value"]) == (own.accuracy.value, own.p_value)
        assert asset_list.count_assets(finished, AssetFilter(**row["where"])) == row["images"]
        wrong = AssetFilter(**row["where"], outcome="wrong")
        assert asset_list.count_assets(finished, wrong) == row["wrong"]
    lines = forge("evaluate", 1, "--by", "class", "--csv", *where).stdout.splitlines()
    assert lines[0].startswith("run,by,part,images,wrong,accuracy")
    assert len(lines) == 1 + sum(each["by"] == "class" for each in answered["parts"])
    assert "none to compare by group" in forge("evaluate", 1, "--by", "group", *where).stdout
    told = forge("evaluate", 1, "--by", "brightness", *where)
    assert "12 images are in no band of brightness" in told.stderr
    finished.database.dispose()


def test_unknown_parts_and_tables_of_none__are_refused(tmp_path: Path) -> None:
    for options, said in (
        (("--by", "colour"), "not parted by 'colour'"),
        (("--csv",), "--csv was given without --by"),
        (("--by", "all", "--csv", "--json"), "both given"),
    ):
        assert said in forge("evaluate", 1, *options, "-w", tmp_path).stderr
