"""Batches of label changes: idempotent, answered one by one, none lost to a bad neighbour."""

import json
import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, TypedDict

from starlette.responses import Response
from starlette.routing import Route

from db.enums import Answer, Question, ReviewState
from db.records import AssetFilter
from db.repositories.asset_lists import SORTS
from forge_core.api import parsing, shapes
from forge_core.api.endpoints import (
    NO_STORE,
    ApiRequest,
    WorkspaceProvider,
    describe_error,
    passes,
    read_route,
    write_route,
)
from forge_core.catalog.editing import decisions, label_edits, review_flags
from forge_core.catalog.listing import filter_fields, text_values
from forge_core.catalog.opinions import answering, drawing
from forge_core.catalog.revisions import history, undo_rules
from forge_core.catalog.revisions.journal import MAX_OPERATION_ID_CHARACTERS, ChangeResult
from forge_core.catalog.splits import chosen_images
from forge_core.errors import ForgeError, InvalidInput
from forge_core.people.actor import Actor

MAX_OPERATIONS = 200
MAX_IDS = 10_000
REFUSED = "refused"
FAILED = "failed"
WHICH_FIELDS = ("operation_id", "kind", "asset_ids", "expected_versions", "where")


class Who(TypedDict):
    """Who asks, and under which name."""

    actor: Actor
    operation_id: str


@dataclass
class Batch:
    """What the earlier operations of one request did.

    A browser that flushes several changes of one image at once knows only the row version
    from before the first: its own earlier changes are not somebody else's.
    """

    asked: ApiRequest
    versions: dict[uuid.UUID, int] = field(default_factory=dict)

    def record(self, result: ChangeResult) -> None:
        """Remember the row versions that an operation left behind."""
        left_alone = {conflict.asset_id for conflict in result.conflicts}
        self.versions |= {
            asset.asset_id: asset.row_version
            for asset in result.assets
            if asset.asset_id not in left_alone
        }


def routes(provider: WorkspaceProvider) -> list[Route]:
    """`/operations` and `/operations/undoable`."""
    return [
        Route(
            "/operations",
            write_route(provider, apply_operations, checks_values=True),
            methods=["POST"],
        ),
        Route("/operations/undoable", read_route(provider, find_undoable)),
    ]


def apply_operations(asked: ApiRequest) -> Response:
    """Apply the operations in their order; each has a result of its own.

    An undo names a `revision_id`, or with `undoes` the operation that it takes back, which may
    be an earlier one of the same request. `status` is that of `ChangeResult`, or `refused`
    (will never work: message and next step), or `failed`: send it again. One that failed because
    the database is locked, full or away will work later; one that failed by a fault of the server,
    or of a database that will not mend itself, also has the `error_id` of its line in the log, and
    may fail for ever.
    Behind one that failed, the others are not tried and fail too, so that their order is kept.
    `where`, a filter, names the images instead of `asset_ids`; the answer then has numbers only.
    A `set_split` of `asset_ids` into val or test says with `chosen_from` (`where` and `sort`) from
    which list they were taken: found because they look hard, they move only with `allow_chosen`.
    """
    parsing.check_fields(asked.body, ("operations",), "The request")
    operations = asked.body.get("operations")
    if not isinstance(operations, list) or not 0 < len(operations) <= MAX_OPERATIONS:
        raise InvalidInput(f"operations is not a list of 1 to {MAX_OPERATIONS:,}.")
    if sum(_count_ids(operation) for operation in operations) > MAX_IDS:
        raise InvalidInput(f"More than {MAX_IDS:,} images are named in one request.")
    batch = Batch(asked)
    answers: list[str] = []
    has_failed = False
    for operation in operations:
        if has_failed:
            answers.append(_write(_deferred(operation)))
        else:
            status, answer = _apply_one(batch, operation)
            answers.append(answer)
            has_failed = status == FAILED
    content = f'{{"results":[{",".join(answers)}]}}'
    return Response(content, media_type="application/json", headers=NO_STORE)


def find_undoable(asked: ApiRequest) -> Mapping[str, Any]:
    """The actor's newest change of images that was not taken back yet, or null."""
    parsing.parse_query(asked.request.query_params, ())
    revision = undo_rules.find_newest_own(asked.workspace, asked.actor)
    if revision is None:
        return {"revision": None}
    return {
        "revision": {
            "revision_id": revision.revision_id,
            "kind": revision.kind,
            "num_changes": revision.num_changes,
            "created_at": shapes.shape_time(revision.created_at),
        }
    }


def _count_ids(operation: Any) -> int:
    ids = operation.get("asset_ids") if isinstance(operation, dict) else None
    return len(ids) if isinstance(ids, list) else 0


def _write(answer: Mapping[str, Any]) -> str:
    """JSON of one answer, in ASCII: no text can break the answers of its batch.

    Raises:
        ValueError: It holds a number that JSON has not.
    """
    return json.dumps(answer, allow_nan=False, separators=(",", ":"))


def _apply_one(batch: Batch, operation: Any) -> tuple[str, str]:
    """Status and written answer of one operation; it raises nothing."""
    operation_id = ""
    try:
        if not isinstance(operation, dict):
            raise InvalidInput("An operation is not a JSON object.")
        operation_id = _parse_operation_id(operation.get("operation_id"))
        parsing.check_values(operation, "The operation")
        apply = KINDS.get(str(operation.get("kind")))
        if apply is None:
            raise InvalidInput(
                f"There is no operation {str(operation.get('kind'))[:60]!r}.",
                next_step=f"Use one of {', '.join(KINDS)}.",
            )
        result = apply(batch, operation, operation_id)
        batch.record(result)
        return result.status, _write(shapes.shape_result(result, _list_blind(batch, result)))
    except Exception as error:  # one bad operation must not lose the others of its batch
        _, content = describe_error(error, batch.asked.request)
        status = REFUSED if isinstance(error, ForgeError) and not passes(error) else FAILED
        return status, _write({"operation_id": operation_id, "status": status, **content})


def _list_blind(batch: Batch, result: ChangeResult) -> set[uuid.UUID]:
    """Of the images that an answer would describe those that wait for a blind answer."""
    ids = [asset.asset_id for asset in result.assets]
    ids += [conflict.asset_id for conflict in result.conflicts]
    return answering.list_open(batch.asked.workspace, batch.asked.actor, ids) if ids else set()


def _deferred(operation: Any) -> Mapping[str, Any]:
    operation_id = operation.get("operation_id") if isinstance(operation, dict) else None
    return {
        "operation_id": operation_id if isinstance(operation_id, str) else "",
        "status": FAILED,
        "message": "An earlier change of this request could not be made, so this one waits.",
        "next_step": "Send both again.",
    }


def _relabel(batch: Batch, operation: Mapping[str, Any], operation_id: str) -> ChangeResult:
    parsing.check_fields(operation, (*WHICH_FIELDS, "label_id"), "relabel")
    if "label_id" not in operation:
        raise InvalidInput("relabel needs label_id: the number of a class, or null.")
    label_id = operation["label_id"]
    number = None if label_id is None else text_values.parse_number(label_id, "label_id")
    where = _parse_where(operation)
    who: Who = {"actor": batch.asked.actor, "operation_id": operation_id}
    if where is not None:
        return label_edits.relabel_matching(batch.asked.workspace, where, number, **who)
    return label_edits.relabel(
        batch.asked.workspace,
        _parse_ids(operation),
        number,
        expected_versions=_parse_versions(batch, operation),
        **who,
    )


def _set_split(batch: Batch, operation: Mapping[str, Any], operation_id: str) -> ChangeResult:
    known = (*WHICH_FIELDS, "split", "unlock_held_out", "chosen_from", "allow_chosen")
    parsing.check_fields(operation, known, "set_split")
    if "split" not in operation:
        raise InvalidInput("set_split needs split: the name of a split, or null.")
    split = operation["split"]
    name = None if split is None else text_values.parse_text(split, "split")
    unlock, allows = (
        _parse_flag(operation, "unlock_held_out"),
        _parse_flag(operation, "allow_chosen"),
    )
    found_by = _parse_list(operation.get("chosen_from"))
    where = _parse_where(operation)
    who: Who = {"actor": batch.asked.actor, "operation_id": operation_id}
    if where is not None:
        return label_edits.set_split_matching(
            batch.asked.workspace,
            where,
            name,
            unlock_held_out=unlock,
            allow_chosen=allows,
            **who,
        )
    return label_edits.set_split(
        batch.asked.workspace,
        _parse_ids(operation),
        name,
        expected_versions=_parse_versions(batch, operation),
        unlock_held_out=unlock,
        found_by=found_by,
        allow_chosen=allows,
        **who,
    )


def _parse_flag(operation: Mapping[str, Any], name: str) -> bool:
    value = operation.get(name, False)
    if not isinstance(value, bool):
        raise InvalidInput(f"{name} is true or false.")
    return value


def _parse_list(value: Any) -> str | None:
    """By what the list finds its images that they were chosen from, if that is what they are."""
    if value is None:
        return None
    if not isinstance(value, dict):
        raise InvalidInput("chosen_from is not an object with where and sort.")
    parsing.check_fields(value, ("where", "sort"), "chosen_from")
    where = _parse_where({"where": value.get("where", {})})
    sort = text_values.parse_text(value.get("sort", "newest"), "sort")
    assert where is not None, "it was given"
    if sort not in SORTS:
        raise InvalidInput(f"There is no sort {sort[:60]!r}.", next_step=f"Use {', '.join(SORTS)}.")
    return chosen_images.describe_list(where, sort)


def _remove(batch: Batch, operation: Mapping[str, Any], operation_id: str) -> ChangeResult:
    parsing.check_fields(operation, ("operation_id", "kind", "asset_ids", "where"), "remove")
    where = _parse_where(operation)
    who: Who = {"actor": batch.asked.actor, "operation_id": operation_id}
    if where is not None:
        return label_edits.remove_matching(batch.asked.workspace, where, **who)
    return label_edits.remove_assets(batch.asked.workspace, _parse_ids(operation), **who)


def _restore(batch: Batch, operation: Mapping[str, Any], operation_id: str) -> ChangeResult:
    parsing.check_fields(operation, ("operation_id", "kind", "asset_ids"), "restore")
    return label_edits.restore_assets(
        batch.asked.workspace,
        _parse_ids(operation),
        actor=batch.asked.actor,
        operation_id=operation_id,
    )


def _flag(batch: Batch, operation: Mapping[str, Any], operation_id: str) -> ChangeResult:
    parsing.check_fields(operation, ("operation_id", "kind", "asset_ids", "review", "note"), "flag")
    who: Who = {"actor": batch.asked.actor, "operation_id": operation_id}
    if operation.get("review") is None:
        return review_flags.unflag(batch.asked.workspace, _parse_ids(operation), **who)
    if operation["review"] != ReviewState.FLAGGED:
        raise InvalidInput(f"review is {ReviewState.FLAGGED!s} or null.")
    note = text_values.parse_text(
        operation.get("note", ""), "note", review_flags.MAX_NOTE_CHARACTERS
    )
    return review_flags.flag(batch.asked.workspace, _parse_ids(operation), note=note, **who)


def _decide(batch: Batch, operation: Mapping[str, Any], operation_id: str) -> ChangeResult:
    fields = ("operation_id", "kind", "asset_ids", "expected_versions")
    parsing.check_fields(operation, (*fields, "question", "answer", "label_id"), "decide")
    label_id = operation.get("label_id")
    number = None if label_id is None else text_values.parse_number(label_id, "label_id")
    answer = text_values.parse_text(operation.get("answer"), "answer")
    question = text_values.parse_text(operation.get("question"), "question")
    who: Who = {"actor": batch.asked.actor, "operation_id": operation_id}
    workspace = batch.asked.workspace
    if question == Question.OPINION:
        if answer not in answering.ANSWERS or (number is None) is (answer == Answer.CHOOSE):
            raise InvalidInput(
                "A second opinion is a class, ambiguous, or skipped.", next_step="Choose a class."
            )
        ambiguous = answer == Answer.AMBIGUOUS
        ids = _parse_ids(operation)
        return answering.answer(workspace, ids, number, is_ambiguous=ambiguous, **who)
    if question == Question.GOLD:
        is_gold = answer == Answer.KEEP
        return drawing.mark_gold(workspace, _parse_ids(operation), is_gold, **who)
    return decisions.decide(
        workspace,
        _parse_ids(operation),
        answer,
        question=question,
        label_id=number,
        expected_versions=_parse_versions(batch, operation),
        **who,
    )


def _undo(batch: Batch, operation: Mapping[str, Any], operation_id: str) -> ChangeResult:
    parsing.check_fields(operation, ("operation_id", "kind", "revision_id", "undoes"), "undo")
    who: Who = {"actor": batch.asked.actor, "operation_id": operation_id}
    if "undoes" in operation:
        undoes = _parse_operation_id(operation["undoes"])
        return history.undo_operation(batch.asked.workspace, undoes, **who)
    revision_id = text_values.parse_number(operation.get("revision_id"), "revision_id")
    return history.undo(batch.asked.workspace, revision_id, **who)


KINDS: dict[str, Callable[[Batch, Mapping[str, Any], str], ChangeResult]] = {
    "relabel": _relabel,
    "set_split": _set_split,
    "remove": _remove,
    "restore": _restore,
    "flag": _flag,
    "decide": _decide,
    "undo": _undo,
}


def _parse_operation_id(value: Any) -> str:
    operation_id = text_values.parse_text(value, "operation_id", MAX_OPERATION_ID_CHARACTERS)
    if len(operation_id) < 8:
        raise InvalidInput("operation_id has fewer than 8 characters, so it is not unique.")
    return operation_id


def _parse_ids(operation: Mapping[str, Any]) -> list[uuid.UUID]:
    ids = operation.get("asset_ids")
    if not isinstance(ids, list):
        raise InvalidInput("asset_ids is not a list.")
    return [text_values.parse_id(value) for value in ids]


def _parse_where(operation: Mapping[str, Any]) -> AssetFilter | None:
    """The filter that names the images, or None where they are named by ids."""
    if "where" not in operation:
        return None
    if "asset_ids" in operation or "expected_versions" in operation:
        raise InvalidInput("An operation names its images by asset_ids or by where, not by both.")
    where = operation["where"]
    if not isinstance(where, dict):
        raise InvalidInput("where is not an object; {} means every image.")
    parsing.check_fields(where, tuple(filter_fields.FIELDS), "where")
    for name, value in where.items():
        if not isinstance(value, int):
            text_values.parse_text(value, name)
    found = filter_fields.read(where)
    if found.asked_of is not None:
        raise InvalidInput("The questions of a person are answered one by one, not by a filter.")
    return found


def _parse_versions(batch: Batch, operation: Mapping[str, Any]) -> dict[uuid.UUID, int] | None:
    versions = operation.get("expected_versions")
    if versions is None:
        return None
    if not isinstance(versions, dict):
        raise InvalidInput("expected_versions is not an object of image ids and row versions.")
    seen = {
        text_values.parse_id(asset_id): text_values.parse_number(version, "row version")
        for asset_id, version in versions.items()
    }
    return {asset_id: batch.versions.get(asset_id, version) for asset_id, version in seen.items()}
