"""The check that `make lint` runs for what stands twice."""

from pathlib import Path

from scripts import check_repetition

SENTENCES = [f"value_{number} = {number}" for number in range(11)]


def write(folder: Path, name: str, lines: list[str]) -> Path:
    path = folder / name
    path.write_text("\n".join(lines), "utf-8")
    return path


def test_repetition__eleven_equal_lines_are_one_and_ten_are_none(tmp_path: Path) -> None:
    first = write(tmp_path, "first.py", ["import os", "", *SENTENCES])
    ten = write(tmp_path, "second.py", SENTENCES[:10])
    assert check_repetition.find_repetitions([first, ten], root=tmp_path) == []
    inside = ["def work():", *[f"    {line}" for line in SENTENCES], "    return value_1"]
    eleven = write(tmp_path, "third.py", inside)
    [found] = check_repetition.find_repetitions([first, ten, eleven], root=tmp_path)
    assert str(found) == "third.py:2: 11 lines as at first.py:3"


def test_repetition__is_told_once_at_its_whole_length(tmp_path: Path) -> None:
    lines = [f"call({number})" for number in range(40)]
    files = [write(tmp_path, "one.py", lines), write(tmp_path, "two.py", ["first()", *lines])]
    [found] = check_repetition.find_repetitions(files, root=tmp_path)
    assert found.num_lines == 40


def test_repetition__within_one_file_and_never_with_itself(tmp_path: Path) -> None:
    same = write(tmp_path, "same.py", ["again()"] * 15)
    assert check_repetition.find_repetitions([same], root=tmp_path) == []
    twice = write(tmp_path, "twice.py", [*SENTENCES, "between()", *SENTENCES])
    [found] = check_repetition.find_repetitions([twice], root=tmp_path)
    assert (found.first, found.second) == ("twice.py:1", "twice.py:13")


def test_repetition__comments_brackets_and_imports_do_not_count() -> None:
    text = "# why\nfrom os import (\n    path,\n    sep,\n)\n\nwork(\n    1\n)\n"
    assert list(check_repetition.counted_lines(text)) == [(7, "work("), (8, "1")]


def test_repetition__the_product_has_none(capsys) -> None:
    assert check_repetition.main() == 0, capsys.readouterr().out
