"""Label Studio's JSON and JSON-MIN exports of an image classification with choices.

Each annotation is the vote of who completed it; by default most decide. Cancelled annotations
and predictions are not read. Images are found by the end of their address; the eight
letters that an upload puts before the name may be missing.

Source: Label Studio guide, "Label Studio JSON format of annotated tasks" and "JSON_MIN"; the
converter of label-studio-sdk 2.0.19.
"""

import re
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any, NamedTuple
from urllib.parse import quote

from db.records import Asset
from forge_core.catalog.formats import table
from forge_core.catalog.formats.documents import sinks
from forge_core.catalog.formats.documents.sinks import Sink, Written
from forge_core.catalog.formats.scan import label_records, questions
from forge_core.catalog.formats.scan.file_walk import Walked
from forge_core.catalog.formats.scan.label_records import Record
from forge_core.catalog.formats.scan.questions import Asked
from forge_core.catalog.formats.scan.scanned_folder import Caution, ReadOptions, ScannedFolder

Answer = tuple[str, str]
"""A question and a choice."""


class Completion(NamedTuple):
    """What one person said of a task."""

    answers: list[Answer]
    author: str | None = None
    given_at: datetime | None = None


TASKS_NAME = "tasks.json"
_UPLOAD = re.compile(r"^(?:.*/)?upload/(?:.*/)?[0-9a-f]{8}-([^/]+)$")
_SERVED = "/data/"  # how the server calls uploads and local files
_IMAGE_KEYS = ("image", "img", "image_url", "url", "captioning", "ocr", "path", "file_name")
_MIN_KEYS = {"annotator", "annotation_id", "lead_time"}
_CHOICE_KEYS = {"choice", "choices", "label", "class", "category"}
_OWN_KEYS = _MIN_KEYS | {"id", "created_at", "updated_at", "agreement", "choice_agreement"}
_EXTRA_KEYS = {"split", "split_type", "source_dataset", "group_key", "is_augmented", "review_note"}


def recognises(walked: Walked) -> bool:
    """A JSON list of tasks with an image each."""
    return bool(_documents(walked))


def read(walked: Walked, options: ReadOptions) -> ScannedFolder:
    """The image of each task with the choice that was made; of several persons most decide.

    Where several questions were asked, the one that `options` names is the label; until then the
    images come in unlabelled.

    Raises:
        InvalidInput: There is no such question.
    """
    documents = _documents(walked)
    asked = questions.ask(
        (question for tasks in documents.values() for question in _questions(tasks)),
        options.question,
        list(documents),
    )
    records = (
        record
        for document, tasks in documents.items()
        for position, task in enumerate(tasks)
        if isinstance(task, dict)
        for record in _records(walked, document, position, task, asked)
    )
    scanned = label_records.place(
        walked,
        records,
        layout="label_studio",
        heading=f"Label Studio tasks, {label_records.named(list(documents))}",
        documents=list(documents),
        notes=asked.notes,
        several=options.several,
        votes=options.votes,
    )
    others = _other_results(documents)
    return replace(scanned, cautions=(*scanned.cautions, *asked.cautions, *others))


def _documents(walked: Walked) -> dict[str, list[Any]]:
    found = {}
    for path, content in walked.json_documents(depth=1).items():
        tasks = content if isinstance(content, list) else [content]
        first = next((task for task in tasks if isinstance(task, dict)), {})
        data = first.get("data")
        if isinstance(data, dict):
            answers = first.get("annotations", first.get("completions"))
            is_task = isinstance(answers, list) and _address(data) is not None
        else:
            is_task = len(_MIN_KEYS & first.keys()) >= 2 and _address(first) is not None
        if is_task:
            found[path] = tasks
    return found


def _records(
    walked: Walked, document: str, position: int, task: Mapping[str, Any], asked: Asked
) -> Iterator[Record]:
    data = task.get("data")
    data = data if isinstance(data, dict) else task
    address = _address(data)
    if address is None:
        return
    is_served = address.startswith(_SERVED)
    upload = _UPLOAD.match(address)
    if upload and not walked.finder.find(address.rsplit("/", 1)[-1], is_url=True):
        address, is_served = upload[1], False
    split = table.read_split(_text(data.get("split_type") or data.get("split")))
    completions = list(_completions_of(task))
    for completion in completions or [Completion([])]:
        yield Record(
            path=address,
            row=f"{document} task {position + 1}",
            labels=tuple(dict.fromkeys(c for name, c in completion.answers if asked.counts(name))),
            split=split if split in table.SPLITS else None,
            source_dataset=_text(data.get("source_dataset")) or None,
            is_augmented=data.get("is_augmented") is True,
            group_key=_text(data.get("group_key")) or None,
            review_note=_text(data.get("review_note")) or None,
            may_be_url=is_served,
            is_vote=True,
            author=completion.author,
            given_at=completion.given_at,
        )


def _questions(tasks: list[Any]) -> Iterator[str]:
    """The name of each question that has an answer."""
    for task in tasks:
        if isinstance(task, dict):
            for completion in _completions_of(task):
                yield from (name for name, _ in completion.answers)


def _address(data: Mapping[str, Any]) -> str | None:
    """The address of the image: a known key, or else the first text that looks like one."""
    for key in _IMAGE_KEYS:
        if isinstance(data.get(key), str):
            return str(data[key])
    return next((value for value in data.values() if isinstance(value, str) and "/" in value), None)


def _completions_of(task: Mapping[str, Any]) -> Iterator[Completion]:
    """What each person said; a JSON-MIN task is one annotation itself."""
    if not isinstance(task.get("data"), dict):
        author, given_at = _author(task.get("annotator")), _time(task.get("created_at"))
        yield Completion(_answers(task), author, given_at)
        return
    annotations = task.get("annotations", task.get("completions"))
    for annotation in annotations if isinstance(annotations, list) else []:
        if not isinstance(annotation, dict) or annotation.get("was_cancelled") is True:
            continue
        found: list[Answer] = []
        results = annotation.get("result")
        for result in results if isinstance(results, list) else []:
            if isinstance(result, dict):
                name = _text(result.get("from_name")) or "choice"
                found += [(name, choice) for choice in _chosen(result.get("value"))]
        if found:
            author = _author(annotation.get("completed_by"))
            given_at = _time(annotation.get("updated_at") or annotation.get("created_at"))
            yield Completion(found, author, given_at)


def _chosen(value: Any) -> list[str]:
    """What a result says of the whole image: choices, the ends of a taxonomy, a rating."""
    if not isinstance(value, dict):
        return []
    if isinstance(rating := value.get("rating"), int) and not isinstance(rating, bool):
        return [str(rating)]
    choices = value.get("choices")
    if not isinstance(choices, list):
        paths = value.get("taxonomy")
        choices = [
            " > ".join(str(part) for part in path)
            for path in (paths if isinstance(paths, list) else [])
            if isinstance(path, list)
        ]
    return [choice for choice in choices if isinstance(choice, str) and choice.strip()]


def _other_results(documents: Mapping[str, list[Any]]) -> list[Caution]:
    """A word where persons said something of images, but nothing that is a label of one."""
    kinds: Counter[str] = Counter()
    for task in (task for tasks in documents.values() for task in tasks if isinstance(task, dict)):
        annotations = task.get("annotations", task.get("completions"))
        results = [
            result
            for annotation in (annotations if isinstance(annotations, list) else [])
            if isinstance(annotation, dict) and isinstance(annotation.get("result"), list)
            for result in annotation["result"]
            if isinstance(result, dict)
        ]
        if not any(_chosen(result.get("value")) for result in results):
            kinds.update({_text(result.get("type")) or "unknown" for result in results})
    if not kinds:
        return []
    number = label_records.counted(max(kinds.values()))
    shown = ", ".join(sorted(kinds))
    return [
        Caution(
            kind="unread_labels",
            message=f"{number} of {label_records.named(list(documents))} were annotated "
            f"without a label of the whole image, and come in unlabelled: {shown}.",
        )
    ]


def _author(value: Any) -> str | None:
    """Who completed an annotation: a number, a name, or a user with an address."""
    if isinstance(value, dict):
        value = value.get("email") or value.get("username") or value.get("id")
    if isinstance(value, bool) or not isinstance(value, int | str):
        return None
    return str(value).strip() or None


def _time(value: Any) -> datetime | None:
    """A time as it is written there, in UTC and without a zone."""
    try:
        time = datetime.fromisoformat(_text(value))
    except ValueError:
        return None
    return time.astimezone(UTC).replace(tzinfo=None) if time.tzinfo else time


def _answers(task: Mapping[str, Any]) -> list[Answer]:
    """The choices of a JSON-MIN task: whatever is no field of the task itself."""
    address = _address(task)
    keys = [k for k in task if k not in _OWN_KEYS | _EXTRA_KEYS and task[k] != address]
    found: list[Answer] = []
    for key in [key for key in keys if key.lower() in _CHOICE_KEYS] or keys:
        value = task[key]
        values = value.get("choices") if isinstance(value, dict) else value
        for choice in values if isinstance(values, list) else [values]:
            if isinstance(choice, str) and choice.strip():
                found.append((key, choice))
            elif isinstance(choice, dict) and isinstance(choice.get("choices"), list):
                found += [(key, c) for c in choice["choices"] if isinstance(c, str) and c.strip()]
    return found


def _text(value: Any) -> str:
    return value if isinstance(value, str) else ""


def folder_of(asset: Asset, has_splits: bool) -> str:
    """`images`."""
    return "images"


def write_labels(sink: Sink, written: Written) -> None:
    """tasks.json with a choice for each label, for an interface with Image "image" and Choices.

    Addresses are those of local files (`/data/local-files/?d=`), relative to the folder of the
    export: name that in LABEL_STUDIO_LOCAL_FILES_DOCUMENT_ROOT.
    """
    with sink.open_text(TASKS_NAME) as file:
        file.write("[")
        sinks.write_json_items(file, (_task(n, *pair) for n, pair in enumerate(written, start=1)))
        file.write("]")


def _task(number: int, asset: Asset, path: str) -> str:
    result = {
        "from_name": "choice",
        "to_name": "image",
        "type": "choices",
        "value": {"choices": [asset.label_name]},
    }
    image = f"{_SERVED}local-files/?d={quote(path)}"
    return sinks.to_json(
        {
            "id": number,
            "data": {"image": image, **sinks.extras(asset)},
            "annotations": [{"id": number, "result": [result]}]
            if asset.label_name is not None
            else [],
        }
    )
