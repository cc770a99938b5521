"""Finds out what a folder is, and reads it: the one list of formats, in the order of looking."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from forge_core.catalog.formats import (
    automl,
    coco,
    cvat,
    datumaro,
    fiftyone_labels,
    folders,
    ground_truth,
    hf_imagefolder,
    imagenet_txt,
    label_studio,
    open_images,
    roboflow,
    table,
)
from forge_core.catalog.formats.documents import text_encoding
from forge_core.catalog.formats.layout import signals
from forge_core.catalog.formats.scan import file_walk, label_records
from forge_core.catalog.formats.scan.file_walk import Walked
from forge_core.catalog.formats.scan.scanned_folder import (
    NO,
    YES,
    Caution,
    ReadOptions,
    ScannedFolder,
)
from forge_core.catalog.formats.tables import (
    class_lists,
    joined_lists,
    label_overlay,
    sidecars,
    unlisted,
    unread_labels,
)
from forge_core.catalog.importing.import_problems import printable
from forge_core.errors import InvalidInput, NotFound

DEFAULT_MAX_FILES = 1_000_000


@dataclass(frozen=True)
class Format:
    """A way in which somebody lays out images and their labels."""

    title: str
    recognises: Callable[[Walked], bool]
    """A quick look at names and first lines."""
    read: Callable[[Walked, ReadOptions], ScannedFolder]
    why: str
    """What it was recognised by, for a person."""


LABEL_FILES: dict[str, Format] = {
    "vision_forge": Format(
        "Vision Forge labels", table.is_own, table.read_own, "labels.csv lies beside the images"
    ),
    "roboflow": Format(
        "Roboflow classes", roboflow.recognises, roboflow.read, "there is a _classes.csv"
    ),
    "hf_imagefolder": Format(
        "Hugging Face imagefolder",
        hf_imagefolder.recognises,
        hf_imagefolder.read,
        "a metadata file has a column file_name",
    ),
    "fiftyone": Format(
        "FiftyOne labels",
        fiftyone_labels.recognises,
        fiftyone_labels.read,
        "labels.json holds classes and labels",
    ),
    "coco": Format(
        "COCO annotations",
        coco.recognises,
        coco.read,
        "a JSON file has images, annotations and categories",
    ),
    "datumaro": Format(
        "Datumaro items",
        datumaro.recognises,
        datumaro.read,
        "a JSON file has items and categories of labels",
    ),
    "label_studio": Format(
        "Label Studio tasks",
        label_studio.recognises,
        label_studio.read,
        "a JSON file is a list of tasks with an image each",
    ),
    "google_automl": Format(
        "Google AutoML", automl.recognises, automl.read, "a CSV names objects of gs://"
    ),
    "ground_truth": Format(
        "SageMaker Ground Truth",
        ground_truth.recognises,
        ground_truth.read,
        "the lines of a manifest have a source-ref",
    ),
    "open_images": Format(
        "Open Images labels",
        open_images.recognises,
        open_images.read,
        "a table ends in imagelabels.csv",
    ),
    "cvat": Format("CVAT images", cvat.recognises, cvat.read, "an XML lists images and tags"),
    "joined_lists": Format(
        "Lists joined by number",
        joined_lists.recognises,
        joined_lists.read,
        "numbers of a list of images stand in others with a class or a split",
    ),
    "table": Format(
        "A table of labels", table.recognises, table.read, "a column names images that are there"
    ),
    "imagenet_txt": Format(
        "A list of images and labels",
        imagenet_txt.recognises,
        imagenet_txt.read,
        "the lines of a text file name images that are there",
    ),
    "class_lists": Format(
        "A list of images for each class",
        class_lists.recognises,
        class_lists.read,
        "text files that are called as classes hold names of images",
    ),
    "sidecars": Format(
        "A label file beside each image",
        sidecars.recognises,
        sidecars.read,
        "each image has a file of its name that holds a label",
    ),
}
"""Formats with a label file, in the order in which they are looked for."""

ANY_FORM: dict[str, Format] = {
    "by_content": Format(
        "Labels in another form",
        table.recognises_any,
        table.read_any,
        "values in it name images that are there",
    ),
}
"""What is asked after every format that is known by name."""

FOLDERS: dict[str, Format] = {
    "split_class": Format(
        "Split folders",
        folders.is_split_class,
        folders.read_split_class,
        "folders are named like splits",
    ),
    "folder_per_class": Format(
        "A folder per class",
        folders.is_folder_per_class,
        folders.read_folder_per_class,
        "the images lie in folders",
    ),
    "flat": Format(
        "Images without labels",
        folders.is_flat,
        folders.read_flat,
        "no folder and no table says more",
    ),
}
"""Folders that are labels themselves: what a folder is when no label file is known."""

FORMATS: dict[str, Format] = {**LABEL_FILES, **ANY_FORM, **FOLDERS}


def read_folder(
    folder: Path, options: ReadOptions = ReadOptions(), *, max_files: int = DEFAULT_MAX_FILES
) -> ScannedFolder:
    """What `folder` would be imported as. Only names, sizes and label files are read: no pixel.

    A folder that holds nothing but one other folder is looked through, unless that is called as
    a split. Left out quietly: hidden files and what operating systems add. Reported: all other
    files that are no images, empty files, links, names that cannot be kept.

    Args:
        folder: An existing folder. A link to a folder is followed; links inside are not, unless
            they point to a file of the same folder tree.
        options: A format, a label file or columns to use instead of what would be found.
        max_files: Most files that are looked at.

    Raises:
        NotFound: There is no such folder.
        InvalidInput: It holds more files than `max_files`, its label file cannot be read, or it
            is not what `options` says.
    """
    name = options.format_name
    if name is not None and name not in FORMATS:
        raise InvalidInput(f"There is no format {name!r}.", next_step=f"Use {', '.join(FORMATS)}.")
    if options.encoding is not None and not text_encoding.is_known(options.encoding):
        raise InvalidInput(
            f"There is no encoding {options.encoding!r}.",
            next_step=f"Use one like {', '.join(text_encoding.CHOICES)}.",
        )
    return read_walked(
        file_walk.walk(
            _existing(folder),
            max_files,
            follow_links=options.follow_links,
            link_roots=options.link_roots,
        ),
        options,
    )


def read_walked(walked: Walked, options: ReadOptions = ReadOptions()) -> ScannedFolder:
    """What is imported from files that were walked; where they are those of the catalog, labels.

    Promises and raises as `read_folder`.
    """
    name = options.format_name
    links, closed, pointers = walked.links, walked.closed_links, walked.pointers
    walked = replace(walked, encoding=options.encoding)
    if (options.columns or options.label_column is not None) and name is None:
        name = "table"
    if options.document is not None:
        walked = walked.asking_for(options.document)
    if options.document is not None or walked.is_catalog:
        names = [*LABEL_FILES, *ANY_FORM]
    elif options.class_from is not None:
        names = list(FOLDERS)
    else:
        names = list(FORMATS)
    level, found = _look(walked, [name] if name else names)
    if found is None:
        raise InvalidInput(
            f"“{printable(options.document or walked.root.name)}” cannot be read as "
            f"{FORMATS[name].title if name else 'labels of images'}.",
            next_step="Leave the format out to let it be recognised, or say which columns of a "
            "table to use.",
        )
    scanned = FORMATS[found].read(level, options)
    if not scanned.tables:
        scanned = table.with_tables(scanned, level, options)
    scanned, lists = label_overlay.completed(scanned, level, walked, options)
    scanned = unlisted.completed(scanned, level, options)
    if found in FOLDERS:
        seen = signals.cautions_of(scanned.entries)
        scanned = replace(scanned, cautions=(*scanned.cautions, *seen))
    scanned = unread_labels.told(scanned, level, walked, lists)
    if links:
        scanned = replace(scanned, cautions=(_about_links(links), *scanned.cautions))
    if closed:
        scanned = replace(scanned, cautions=(_about_closed_links(closed), *scanned.cautions))
    if pointers:
        scanned = replace(scanned, cautions=(_about_pointers(pointers), *scanned.cautions))
    return replace(scanned, why=FORMATS[found].why if name is None else "you chose it")


def _about_links(links: Sequence[str]) -> Caution:
    number = label_records.counted(len(links), "link")
    verb = "leads" if len(links) == 1 else "lead"
    return Caution(
        kind="links",
        message=f"{number} {verb} out of the folder or to a folder, and what is behind is left "
        f"out: “{printable(links[0])}”"
        + (" and others" if len(links) > 1 else "")
        + ". Follow them only if you trust who made the folder.",
        option="follow_links",
        choices=(YES, NO),
    )


def _about_closed_links(links: Sequence[str]) -> Caution:
    number = label_records.counted(len(links), "link")
    return Caution(
        kind="links",
        message=f"{number} to places that may not be read from here "
        f"{'is' if len(links) == 1 else 'are'} left out, such as “{printable(links[0])}” "
        "(FORGE_IMPORT_ROOTS). On the server: `forge import PATH --follow-links`.",
    )


def _about_pointers(pointers: Sequence[str]) -> Caution:
    number = label_records.counted(len(pointers), "file")
    return Caution(
        kind="links",
        message=f"{number} named as images, such as “{printable(pointers[0])}”, only say where the "
        "image lies, and are left out. Fetch the images themselves: `git lfs pull`, or a copy "
        "with links followed (cp -L).",
    )


def _look(walked: Walked, names: Sequence[str]) -> tuple[Walked, str | None]:
    """The folder and the name of the first format it is; looks into folders that only wrap."""
    is_told = len(names) == 1
    level = walked
    while True:
        wrapper = level.only_folder()
        if wrapper is None or not level.is_only_wrapped_by(wrapper):
            for name in names:
                if name in FOLDERS:
                    continue
                if FORMATS[name].recognises(level) or (is_told and name == "table"):
                    return level, name
        if wrapper is None:
            break
        level = level.inside(wrapper)
    for name in names:
        if name in FOLDERS and (is_told or FOLDERS[name].recognises(level)):
            return level, name
    return level, None


def _existing(folder: Path) -> Path:
    try:
        root = folder.expanduser().resolve(strict=True)
    except (OSError, RuntimeError, ValueError) as error:
        raise NotFound(
            f"There is no folder “{printable(str(folder))}”.", next_step="Check the path."
        ) from error
    if not root.is_dir():
        raise NotFound(
            f"“{printable(str(folder))}” is not a folder.",
            next_step="Name the folder that holds the images.",
        )
    return root
