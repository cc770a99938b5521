"""What a checkpoint says about dropped files: answered once, kept small, a bad file apart."""

import base64
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from io import BytesIO

from PIL import Image

from forge_core.errors import ForgeError, ImageRejected
from forge_core.imaging import decode
from forge_core.imaging.decode import DecodeLimits
from forge_core.inference.prediction import Prediction
from forge_core.inference.predictor import Predictor
from forge_core.progress import SILENT, Progress
from pages.components import pictures

BATCH_FILES = 16
THUMBNAIL_SIDE = 72


@dataclass(frozen=True)
class Answer:
    """One file's prediction, or why there is none."""

    name: str
    prediction: Prediction | None
    problem: str
    """A sentence; empty where there is a prediction."""
    thumbnail: str
    """A small picture as a data URI; empty where the file cannot be read."""


@dataclass(frozen=True)
class NamedFile:
    """A dropped file; its bytes are read when its turn comes, which may raise ImageRejected."""

    name: str
    read: Callable[[], bytes]


def answer_files(
    predictor: Predictor,
    files: Sequence[NamedFile],
    limits: DecodeLimits,
    *,
    top_k: int,
    progress: Progress = SILENT,
) -> list[Answer]:
    """An answer for each file, in order; never an exception for what is in a file.

    Few files are in memory at a time.

    Args:
        predictor: Answers.
        files: Any bytes.
        limits: Larger files and images are refused before they are decoded.
        top_k: How many classes to name.
        progress: Told the number of files done.
    """
    answers: list[Answer] = []
    for start in range(0, len(files), BATCH_FILES):
        batch = files[start : start + BATCH_FILES]
        contents = [_read(file) for file in batch]
        found = iter(
            predictor.predict_many(
                [each for each in contents if isinstance(each, bytes)], top_k, limits
            )
        )
        for file, data in zip(batch, contents, strict=True):
            outcome = next(found) if isinstance(data, bytes) else data
            if isinstance(outcome, Prediction) and isinstance(data, bytes):
                answers.append(Answer(file.name, outcome, "", _thumbnail(data, limits)))
            elif isinstance(outcome, ImageRejected):
                words = f"{outcome.message} {outcome.next_step}".strip()
                answers.append(Answer(file.name, None, words, ""))
        progress.advance(len(answers), len(files))
    return answers


def _read(file: NamedFile) -> bytes | ImageRejected:
    try:
        return file.read()
    except ImageRejected as error:
        return error


def _thumbnail(data: bytes, limits: DecodeLimits) -> str:
    try:
        image = decode.decode_image(data, limits=limits).image
    except ForgeError:
        return ""
    return data_uri(pictures.fit(image, THUMBNAIL_SIDE))


def data_uri(image: Image.Image) -> str:
    """A picture inside an address, for tables."""
    buffer = BytesIO()
    image.save(buffer, "PNG" if pictures.is_tiny(image) else "JPEG", quality=85)
    kind = "png" if pictures.is_tiny(image) else "jpeg"
    return f"data:image/{kind};base64,{base64.b64encode(buffer.getvalue()).decode()}"
