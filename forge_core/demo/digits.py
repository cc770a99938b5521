"""The demo that needs no download: 1,797 real handwritten digits that ship with scikit-learn.

Source: E. Alpaydin, C. Kaynak, "Optical Recognition of Handwritten Digits", UCI Machine
Learning Repository (1998), the test part, 8 x 8 pixels of 0 to 16 ink each.
"""

from pathlib import Path

import numpy as np
from PIL import Image
from sklearn.datasets import load_digits

from forge_core import local_files
from forge_core.catalog.importing import import_plan, run_import
from forge_core.catalog.importing.run_import import ImportReport
from forge_core.people.actor import Actor
from forge_core.progress import SILENT, Progress
from forge_core.workspace import Workspace

SOURCE_NAME = "digits"
NUM_IMAGES = 1_797
LARGEST_INK = 16


def write_digits(folder: Path) -> None:
    """Write the digits as greyscale PNG files, a folder per class."""
    digits = load_digits()
    for position, (ink, digit) in enumerate(zip(digits.images, digits.target, strict=True)):
        target = folder / str(digit)
        local_files.make_folder(target)
        pixels = np.round(ink * (255 / LARGEST_INK)).astype(np.uint8)
        with local_files.open_private(target / f"{position:04d}.png", "wb") as file:
            Image.fromarray(pixels).save(file, "PNG")


def import_digits(
    workspace: Workspace, *, actor: Actor, progress: Progress = SILENT
) -> ImportReport:
    """Take the digits into the catalog by the ordinary importer. Twice adds nothing."""
    folder = workspace.cache_folder / "demo" / SOURCE_NAME
    write_digits(folder)
    plan = import_plan.prepare(workspace, folder, source_dataset=SOURCE_NAME)
    return run_import.run_import(workspace, plan, actor=actor, progress=progress)
