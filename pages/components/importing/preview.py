"""What was recognised at a place, before anything is written."""

from collections import Counter
from functools import partial

import pandas as pd
import streamlit as st

from db.records import Label
from forge_core import local_files
from forge_core.catalog.editing import class_merges, classes
from forge_core.catalog.formats.recognition import FORMATS
from forge_core.catalog.formats.scan.scanned_folder import ScannedFile
from forge_core.catalog.importing.import_plan import ImportPlan
from forge_core.errors import ForgeError
from forge_core.imaging import decode
from forge_core.imaging.decode import DecodedImage, DecodeLimits
from forge_core.workspace import Workspace
from pages.components import errors, new_splits, pictures
from pages.components.importing import (
    cautions,
    chooser,
    grey_panel,
    merge_choice,
    problem_list,
    reading,
)
from pages.components.words import text

NUM_SAMPLES = 10
SAMPLE_SIDE = 84
_STYLE = """
<style>
.st-key-import-preview [data-testid="stImageCaption"],
.st-key-import-preview [data-testid="stImageCaption"] * {
  white-space: nowrap; overflow: hidden; text-overflow: ellipsis; }
</style>
"""
SPLITS = ("train", "val", "test", "held_out")


def show(workspace: Workspace, plan: ImportPlan) -> None:
    """Draw layout, samples, classes with counts, splits and problems of a plan."""
    st.html(_STYLE)
    with st.container(border=True, key="import-preview"):
        cautions.show(workspace, plan)
        st.markdown(f"**{errors.literal(describe(plan))}**")
        kind = FORMATS[plan.layout].title
        with st.container(horizontal=True, vertical_alignment="center", gap="small"):
            st.badge(kind, icon=":material/inventory_2:", color="blue")
            st.caption(errors.literal(f"because {plan.scanned.why}"), width="content")
        if more := plan.title.removeprefix(f"{kind}.").strip():
            st.caption(errors.literal(more))
        merge_choice.show(workspace, plan)
        reading.show(workspace, plan)
        _show_rule(workspace, plan)
        _show_samples(workspace, plan)
        left, right = st.columns([3, 2], gap="large")
        with left:
            _show_classes(workspace, plan)
        with right:
            name = st.text_input(
                "Source name",
                value=plan.source_dataset,
                key=f"import:source:{plan.folder.name}",
                max_chars=64,
                help="Kept with every image, to find them again and to tell sources apart.",
            )
            if name.strip() and name != plan.source_dataset:
                chooser.rename_source(name)
            _show_problems(plan)


def describe(plan: ImportPlan) -> str:
    """The numbers of a plan in one line."""
    parts = [text.plural(plan.num_images, "image")]
    if plan.classes:
        parts.append(text.plural(len(plan.classes), "class", "classes"))
    parts += [f"{number:,} {text.SPLIT_WORDS[split]}" for split, number in plan.splits.items()]
    if plan.num_unlabelled:
        parts.append(f"{plan.num_unlabelled:,} unlabelled")
    if plan.num_groups:
        parts.append(text.plural(plan.num_groups, "group"))
    if plan.labels_only:
        return " · ".join([*parts, "labels only, no images"])
    return " · ".join([*parts, text.file_size(plan.size_bytes)])


def _show_rule(workspace: Workspace, plan: ImportPlan) -> None:
    """Which split the images get that come without one; nothing where none does."""
    without = plan.num_images - sum(plan.splits.values())
    if plan.labels_only or not without:
        return
    also = ""
    if plan.splits:
        also = (
            f"That is for {text.plural(without, 'image')}: what the source says of the others "
            "holds."
        )
    new_splits.show(workspace, page="import", also=also)


def _show_samples(workspace: Workspace, plan: ImportPlan) -> None:
    limits = DecodeLimits.from_settings(workspace.image_settings)
    samples = _samples(plan, limits)
    with st.container(horizontal=True, gap="small"):
        for file, decoded in samples:
            name = file.label_name or "unlabelled"
            st.image(
                pictures.fit(decoded.image, SAMPLE_SIDE * 2),
                caption=errors.literal(name),
                width=SAMPLE_SIDE,
                alt=name,
            )
    deep = [
        grey_panel.Example(
            name=file.path,
            read=partial(local_files.read_plain, plan.scanned.locate(file), limits.max_bytes),
        )
        for file, decoded in samples
        if decoded.is_deep
    ]
    grey_panel.show_for_files(workspace, deep)


def _samples(plan: ImportPlan, limits: DecodeLimits) -> list[tuple[ScannedFile, DecodedImage]]:
    """The first image of each class that decodes, then more of the first ones."""
    first_of_class = {file.label_name: file for file in reversed(plan.files)}
    chosen = list(reversed(first_of_class.values()))[:NUM_SAMPLES]
    if len(chosen) < NUM_SAMPLES:
        more = [file for file in plan.files[: 2 * NUM_SAMPLES] if file not in chosen]
        chosen += more[: NUM_SAMPLES - len(chosen)]
    found = []
    for file in () if plan.labels_only else chosen:
        try:
            decoded = decode.decode_file(plan.scanned.locate(file), limits=limits)
        except (ForgeError, OSError):
            continue  # the import reports it
        if max(decoded.image.size) < SAMPLE_SIDE * min(decoded.image.size):  # no mere line
            found.append((file, decoded))
    return found


def _show_classes(workspace: Workspace, plan: ImportPlan) -> None:
    if not plan.classes:
        st.caption("No classes: the images come in unlabelled, and you label them in the gallery.")
        return
    counts = Counter((file.label_name, file.split) for file in plan.files)
    used = [split for split in SPLITS if split in plan.splits]
    known = {label.name for label in classes.list_classes(workspace, with_retired=True)}
    fates = class_merges.list_fates(workspace, list(plan.classes))
    rows = []
    for name, number in plan.classes.items():
        row = {"Class": name, "Images": number}
        row |= {text.SPLIT_WORDS[split]: counts[name, split] for split in used}
        row |= {"New": name not in known}
        rows.append(row | ({"Becomes": _fate(name, fates.get(name))} if fates else {}))
    st.dataframe(
        pd.DataFrame(rows),
        hide_index=True,
        height="content" if len(rows) <= 10 else 388,
        column_config={
            "Images": st.column_config.NumberColumn(format="localized"),
            "New": st.column_config.CheckboxColumn(help="This class will be created."),
            "Becomes": st.column_config.TextColumn(
                help="The class was merged into another, or is retired and comes back into use."
            ),
        },
    )


def _fate(name: str, label: Label | None) -> str:
    """What images of a merged or retired class become."""
    if label is None:
        return name
    return f"{name}, in use again" if label.name == name else label.name


def _show_problems(plan: ImportPlan) -> None:
    if not plan.problems:
        st.caption(":material/check: Nothing will be left out so far; pixels are read on import.")
        return
    problem_list.show(plan.problems)
