"""What cannot be unpacked or read is called by its true reason, with what helps."""

import io
import os
import tarfile
import zipfile
from pathlib import Path

import pytest

from forge_core.catalog.formats.scan.scanned_folder import ReadOptions
from forge_core.catalog.importing import archives, import_plan, run_import
from forge_core.catalog.importing.archives import ArchiveLimits
from forge_core.catalog.importing.import_plan import ImportPlan
from forge_core.catalog.importing.unpacking import entry_encodings
from forge_core.errors import ForgeError, InvalidInput
from forge_core.people.actor import Actor
from forge_core.workspace import Workspace
from tests.arrange import draw_image
from tests.forge_core.catalog.importing.test_archives import make_tar, make_zip, reasons, written


def picture(number: int, kind: str = "PNG") -> bytes:
    buffer = io.BytesIO()
    draw_image("circle", number).save(buffer, kind)
    return buffer.getvalue()


def refusal(workspace: Workspace, place: Path) -> ForgeError:
    with pytest.raises(InvalidInput) as caught:
        import_plan.prepare(workspace, place)
    assert not any((workspace.cache_folder / "staging").glob("*"))
    return caught.value


def lock(archive: Path) -> Path:
    """Set the flag of a password on every entry."""
    data = bytearray(archive.read_bytes())
    with zipfile.ZipFile(archive) as opened:
        for entry in opened.infolist():
            data[entry.header_offset + 6] |= 1
    position = -1
    while (position := data.find(b"PK\x01\x02", position + 1)) >= 0:
        data[position + 8] |= 1
    archive.write_bytes(bytes(data))
    return archive


def test_a_zip_with_a_password__is_called_so_by_its_own_name(
    sqlite_workspace: Workspace, tmp_path: Path
):
    archive = lock(make_zip(tmp_path / "scans.zip", {"a/1.png": b"x", "b/2.png": b"y"}))
    error = refusal(sqlite_workspace, archive)
    assert "scans.zip" in error.message
    assert "2 files: protected by a password, the first “a/1.png”" in error.message
    assert "password" in error.next_step


@pytest.mark.parametrize(
    ("start", "words"),
    [
        (b"7z\xbc\xaf\x27\x1c", "a 7-Zip archive"),
        (b"Rar!\x1a\x07\x01\x00", "a RAR archive"),
        (b"\xfd7zXZ\x00", "packed with xz"),
        (b"\x28\xb5\x2f\xfd", "packed with Zstandard"),
        (b"PK\x03\x04", "a zip whose end is missing"),
    ],
)
def test_archives_that_are_not_read__are_called_by_what_they_are(
    start: bytes, words: str, sqlite_workspace: Workspace, tmp_path: Path
):
    archive = tmp_path / "set.bin"
    archive.write_bytes(start + bytes(100))
    error = refusal(sqlite_workspace, archive)
    assert words in error.message
    assert error.next_step
    folder = tmp_path / "folder"
    folder.mkdir()
    archive.rename(folder / "set.7z")
    assert words in refusal(sqlite_workspace, folder).message


def test_archives_of_links_and_damage__say_so(sqlite_workspace: Workspace, tmp_path: Path):
    with tarfile.open(tmp_path / "links.tar", "w") as archive:
        for name in ("a/1.png", "a/2.png"):
            member = tarfile.TarInfo(name)
            member.type, member.linkname = tarfile.SYMTYPE, "../blobs/x"
            archive.addfile(member)
    error = refusal(sqlite_workspace, tmp_path / "links.tar")
    assert "2 files: a link" in error.message
    assert "tar -h" in error.next_step
    crc = make_zip(tmp_path / "crc.zip", {"1.png": b"B" * 50}, zipfile.ZIP_STORED)
    crc.write_bytes(crc.read_bytes().replace(b"B" * 50, b"B" * 49 + b"X"))
    assert "CRC" in refusal(sqlite_workspace, crc).message
    lzma = make_zip(tmp_path / "lzma.zip", {"1.png": b"x" * 99}, zipfile.ZIP_LZMA)
    assert "LZMA" in refusal(sqlite_workspace, lzma).message


def test_archives_inside__are_unpacked_one_level_and_told(tmp_path: Path):
    deepest = make_zip(tmp_path / "deepest.zip", {"x.png": b"deep"}).read_bytes()
    train = make_zip(tmp_path / "i.zip", {"1.png": b"one", "more.zip": deepest}).read_bytes()
    test = make_tar(tmp_path / "i.tgz", {"2.png": b"two"}, "w:gz").read_bytes()
    outer = make_zip(
        tmp_path / "outer.zip",
        {"set/train.zip": train, "set/test.tar.gz": test, "set/bad.zip": b"PK\x05\x06" + bytes(18)},
    )
    unpacked = archives.unpack_all(outer, tmp_path / "out")
    files = written(tmp_path / "out")
    assert (files["set/train/1.png"], files["set/test/2.png"]) == (b"one", b"two")
    assert len(unpacked.notes) == 3
    assert [(p.path, p.reason) for p in unpacked.problems] == [
        ("set/train.zip/more.zip", "archive")
    ]


def test_archives_inside__count_together_with_the_rest(tmp_path: Path):
    inner = make_zip(tmp_path / "i.zip", {"1.png": b"x" * 600, "2.png": b"y" * 600}).read_bytes()
    outer = make_zip(tmp_path / "o.zip", {"a.zip": inner, "b.zip": inner})
    for limits in (ArchiveLimits(max_files=5), ArchiveLimits(max_bytes=2_000)):
        with pytest.raises(InvalidInput):
            archives.unpack(outer, tmp_path / "out", limits)
        assert not (tmp_path / "out").exists()
    damaged = bytearray(inner)
    damaged[40:60] = bytes(20)
    outer = make_zip(tmp_path / "d.zip", {"a.zip": bytes(damaged), "ok.png": b"z"})
    assert set(reasons(archives.unpack(outer, tmp_path / "out"))) <= {"damaged"}
    assert written(tmp_path / "out")["ok.png"] == b"z"


WORDS = [
    ("gbk", ["猫", "狗"]),
    ("gbk", ["正常", "异常"]),
    ("gbk", ["蒲公英", "向日葵"]),
    ("cp932", ["犬", "猫"]),
    ("cp932", ["ねこ", "いぬ"]),
    ("cp932", ["良品", "不良品"]),
    ("big5", ["貓", "狗"]),
    ("cp949", ["고양이", "강아지"]),
    ("cp949", ["정상", "불량"]),
    ("cp866", ["кот", "собака"]),
    ("cp866", ["Кошки", "Собаки"]),
    ("cp1251", ["Кошки", "Собаки"]),
    ("cp437", ["Bär", "Äpfel"]),
    ("cp437", ["Größe", "café"]),
    ("cp850", ["Ação", "maçã"]),
    ("cp1252", ["Kätzchen", "Hündin"]),
    ("cp1252", ["élève", "été"]),
]


def make_old_zip(path: Path, encoding: str, words: list[str]) -> Path:
    """A zip whose names are in a code page that it does not declare."""
    raw = [f"{word}/{i}.png".encode(encoding) for i, word in enumerate(words)]
    names = {bytes(f"{i}", "ascii").rjust(len(name), b"n"): name for i, name in enumerate(raw)}
    files = {name.decode(): picture(i) for i, name in enumerate(names)}
    data = make_zip(path, files, zipfile.ZIP_STORED).read_bytes()
    for plain, name in names.items():
        data = data.replace(plain, name)
    path.write_bytes(data)
    return path


@pytest.mark.parametrize(("encoding", "words"), WORDS)
def test_names_in_a_code_page__are_read_as_they_were_written(
    encoding: str, words: list[str], sqlite_workspace: Workspace, tmp_path: Path
):
    plan = import_plan.prepare(
        sqlite_workspace, make_old_zip(tmp_path / "old.zip", encoding, words)
    )
    assert sorted(plan.classes) == sorted(words)
    caution = next(c for c in plan.cautions if c.kind == "names_encoding")
    assert words[0] in caution.message
    assert (caution.option, caution.choices) == (
        "names_encoding",
        tuple(entry_encodings.ENCODINGS),
    )
    import_plan.discard(plan)


def test_names_in_a_code_page__can_be_read_in_another_one(
    sqlite_workspace: Workspace, tmp_path: Path
):
    archive = make_old_zip(tmp_path / "old.zip", "cp866", ["кот", "собака"])

    def classes(plan: ImportPlan) -> list[str]:
        return sorted(plan.classes)

    told = ReadOptions(names_encoding="cp1251")
    wrong = import_plan.prepare(sqlite_workspace, archive, options=told)
    garbled = (word.encode("cp866").decode("cp1251").strip() for word in ("кот", "собака"))
    assert classes(wrong) == sorted(garbled)
    right = import_plan.read_again(sqlite_workspace, wrong, ReadOptions(names_encoding="cp866"))
    assert classes(right) == ["кот", "собака"]
    with pytest.raises(InvalidInput):
        import_plan.read_again(sqlite_workspace, right, ReadOptions(names_encoding="utf-7"))
    report = run_import.run_import(sqlite_workspace, right, actor=Actor("anna"))
    assert report.classes_created == ["кот", "собака"]


def test_names_of_utf8_that_declare_nothing__are_not_guessed(tmp_path: Path):
    archive = make_old_zip(tmp_path / "mac.zip", "utf-8", ["Äpfel", "猫"])
    unpacked = archives.unpack_all(archive, tmp_path / "out")
    assert set(written(tmp_path / "out")) == {"Äpfel/0.png", "猫/1.png"}
    assert unpacked.names_encoding is None


def test_links_out_of_a_folder__are_followed_if_a_person_says_so(
    sqlite_workspace: Workspace, tmp_path: Path
):
    blobs, snapshot = tmp_path / "blobs", tmp_path / "snapshots" / "abc"
    for number, name in enumerate(("cat", "dog")):
        (snapshot / name).mkdir(parents=True)
        blobs.mkdir(exist_ok=True)
        (blobs / f"{name}hash").write_bytes(picture(number))
        (snapshot / name / "1.png").symlink_to(f"../../../blobs/{name}hash")
    (tmp_path / "cows").mkdir()
    (tmp_path / "cows" / "3.png").write_bytes(picture(3))
    (snapshot / "cow").symlink_to(tmp_path / "cows")
    (snapshot / "round").symlink_to(snapshot.parent)
    error = refusal(sqlite_workspace, snapshot)
    assert "--follow-links" in error.next_step
    plan = import_plan.prepare(sqlite_workspace, snapshot, options=ReadOptions(follow_links=True))
    assert plan.classes == {"cat": 1, "cow": 1, "dog": 1}
    assert [p.path for p in plan.problems] == ["round"]
    report = run_import.run_import(sqlite_workspace, plan, actor=Actor("anna"))
    assert report.added == 3
    (snapshot / "own.png").write_bytes(picture(4))
    unasked = import_plan.prepare(sqlite_workspace, snapshot)
    assert unasked.cautions[0].hint == "--follow-links"
    assert unasked.options.choosing("follow_links", "yes").follow_links


def test_links__lead_only_where_whoever_asks_may_read(sqlite_workspace: Workspace, tmp_path: Path):
    inside, opened, closed = (tmp_path / name for name in ("inside", "open", "closed"))
    for number, folder in enumerate((inside / "cat", inside / "dog", opened, closed)):
        folder.mkdir(parents=True)
        (folder / "1.png").write_bytes(picture(number))
    (inside / "cow").symlink_to(opened)
    (inside / "pig").symlink_to(closed)
    (inside / "cat" / "2.png").symlink_to(closed / "1.png")
    options = ReadOptions(follow_links=True, link_roots=(str(inside), str(opened)))
    plan = import_plan.prepare(sqlite_workspace, inside, options=options)
    assert plan.classes == {"cat": 1, "cow": 1, "dog": 1}
    assert [(c.kind, c.option) for c in plan.cautions] == [("links", None)]
    assert {p.path for p in plan.problems} == {"pig", "cat/2.png"}


def test_links_inside_a_folder__do_not_bring_an_image_twice(
    sqlite_workspace: Workspace, tmp_path: Path
):
    for number, name in enumerate(("cat", "dog")):
        folder = tmp_path / "hub" / "snapshots" / "abc" / "train" / name
        folder.mkdir(parents=True)
        blob = tmp_path / "hub" / "blobs" / f"{name}hash"
        blob.parent.mkdir(exist_ok=True)
        blob.write_bytes(picture(number))
        (folder / "0.png").symlink_to(os.path.relpath(blob, folder))
    plan = import_plan.prepare(sqlite_workspace, tmp_path / "hub")
    assert (plan.classes, plan.splits) == ({"cat": 1, "dog": 1}, {"train": 2})


def test_pointers__are_no_images_and_say_what_to_fetch(sqlite_workspace: Workspace, tmp_path: Path):
    folder = tmp_path / "set"
    folder.mkdir()
    (folder / "1.png").write_bytes(picture(1))
    (folder / "2.png").write_text("../../blobs/abc")
    lfs = "version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 5\n"
    (folder / "3.png").write_text(lfs)
    plan = import_plan.prepare(sqlite_workspace, folder)
    assert [(p.path, p.reason) for p in plan.problems] == [
        ("2.png", "pointer"),
        ("3.png", "pointer"),
    ]
    assert "git lfs pull" in plan.cautions[0].message


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("0001", "PNG"),
        ("0001.dat", "JPEG"),
        ("x.tmp", "WEBP"),
        ("y.7", "GIF"),
        ("z.bin", "BMP"),
        ("phone.heic", "JPEG"),
        ("w", "TIFF"),
        ("favicon.ico", "ICO"),
    ],
)
def test_images_of_any_ending__are_looked_at_by_content(
    name: str, kind: str, sqlite_workspace: Workspace, tmp_path: Path
):
    folder = tmp_path / "set"
    for number, label in enumerate(("cat", "dog")):
        (folder / label).mkdir(parents=True)
        (folder / label / name).write_bytes(picture(number, kind))
        (folder / label / "notes.md").write_text("BMW, GIF and PNG are words")
    plan = import_plan.prepare(sqlite_workspace, folder)
    assert plan.classes == {"cat": 1, "dog": 1}
    assert run_import.run_import(sqlite_workspace, plan, actor=Actor("anna")).added == 2
