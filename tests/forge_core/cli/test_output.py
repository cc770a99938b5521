"""How commands write tables that a spreadsheet may open."""

import csv

import pytest

from forge_core.cli import output


def test_write_csv__holds_no_cell_that_a_spreadsheet_runs(capsys: pytest.CaptureFixture[str]):
    output.write_csv(["label", "images", "split"], [["=1+1", 3, None], ["cat", -2, "train"]])
    rows = list(csv.reader(capsys.readouterr().out.splitlines()))
    assert rows == [["label", "images", "split"], ["'=1+1", "3", ""], ["cat", "-2", "train"]]
