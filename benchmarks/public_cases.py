"""What the importer makes of small cases from public bug reports and public data layouts.

    python -m benchmarks.public_cases FOLDER

Each case is a folder with `input/` (or `input.zip`, unpacked first) and `RIGHT.md`, which says in
words what is right. Printed: case, what is right, what was found, and how that is to be taken:

- `labelled`: every image has a label,
- `told`: not all of them, and a caution or an error says so before anything else,
- `partly`: not all of them, with problems or notes only,
- `silent`: not all of them, and nothing was said.

Whether the labels are the right ones is asserted for the known cases in
`tests/forge_core/catalog/public_cases`; for others a person compares the two columns.
"""

import argparse
import shutil
import tempfile
import zipfile
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from forge_core.catalog.formats.scan.scanned_folder import ReadOptions
from forge_core.catalog.importing import archives, import_plan
from forge_core.catalog.importing.merging import comparison
from forge_core.errors import ForgeError
from forge_core.settings import Settings
from forge_core.workspace import Workspace, open_workspace


@dataclass(frozen=True, kw_only=True)
class Found:
    """What an import of a case would bring."""

    labels: Mapping[str, str | None] = field(default_factory=dict)
    """Path of each image below the folder that was read, to its label."""
    splits: Mapping[str, str | None] = field(default_factory=dict)
    groups: Mapping[str, str | None] = field(default_factory=dict)
    cautions: Sequence[str] = ()
    notes: str = ""
    problems: Sequence[str] = ()
    error: str | None = None

    @property
    def verdict(self) -> str:
        """One of the words above."""
        if self.error is not None:
            return "told"
        if self.labels and None not in self.labels.values():
            return "labelled"
        if self.cautions:
            return "told"
        return "partly" if self.problems or self.notes.count(".") > 1 else "silent"

    @property
    def words(self) -> str:
        """All of it in a few lines."""
        if self.error is not None:
            return f"error: {self.error}"
        labels = Counter(label or "unlabelled" for label in self.labels.values())
        splits = Counter(split for split in self.splits.values() if split)
        lines = [
            ", ".join(f"{name} {number}" for name, number in sorted(labels.items())),
            ", ".join(f"{name} {number}" for name, number in sorted(splits.items())),
            *(f"! {caution}" for caution in self.cautions),
            self.notes,
            *(f"- {problem}" for problem in self.problems[:3]),
            f"and {len(self.problems) - 3} more" if len(self.problems) > 3 else "",
        ]
        return "\n".join(line for line in lines if line)


def lay_out(case: Path, folder: Path) -> Path:
    """The case's input in a folder of its own, which may be written to."""
    if (case / "input.zip").exists():
        with zipfile.ZipFile(case / "input.zip") as archive:
            archive.extractall(folder)  # made by ourselves, names as they are
        return folder / "input"
    shutil.copytree(case / "input", folder / "input", symlinks=True)
    return folder / "input"


def place_of(laid_out: Path) -> Path:
    """What a person would name: the folder, or the only archive in it."""
    inside = list(laid_out.iterdir())
    return inside[0] if len(inside) == 1 and archives.is_archive(inside[0]) else laid_out


def look(workspace: Workspace, place: Path, options: ReadOptions = ReadOptions()) -> Found:
    """What an import of a place would bring; nothing is written to the catalog."""
    try:
        plan = import_plan.prepare(workspace, place, options=options)
    except ForgeError as error:
        return Found(error=f"{error.message} {error.next_step}".strip())
    try:
        return Found(
            labels={file.path: file.label_name for file in plan.files},
            splits={file.path: file.split for file in plan.files},
            groups={file.path: file.group_key for file in plan.files},
            cautions=[caution.message for caution in plan.cautions],
            notes=" ".join([plan.title, *comparison.compare(workspace, plan).sentences()]),
            problems=[f"{problem.path}: {problem.message}" for problem in plan.problems],
        )
    finally:
        import_plan.discard(plan)


def main() -> None:
    """Print every case of a folder, and the verdicts counted."""
    parser = argparse.ArgumentParser(description="Look at each case of a folder of cases.")
    parser.add_argument("folder", type=Path, help="a folder with a folder for each case")
    parser.add_argument("names", nargs="*", help="only these cases")
    asked = parser.parse_args()
    verdicts: Counter[str] = Counter()
    for case in sorted(path for path in asked.folder.iterdir() if path.is_dir()):
        if asked.names and case.name not in asked.names:
            continue
        with tempfile.TemporaryDirectory() as scratch:
            folder = Path(scratch)
            workspace = open_workspace(Settings(_env_file=None, workspace=folder / "ws"))
            found = look(workspace, place_of(lay_out(case, folder)))
        right = (
            (case / "RIGHT.md").read_text("utf-8").strip() if (case / "RIGHT.md").exists() else ""
        )
        verdicts[found.verdict] += 1
        print(f"== {case.name}: {found.verdict}\nright: {right}\nfound: {found.words}\n")
    print(", ".join(f"{number} {verdict}" for verdict, number in verdicts.most_common()))


if __name__ == "__main__":
    main()
