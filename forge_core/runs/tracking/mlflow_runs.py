"""A run in an MLflow tracking server or its database, with its checkpoint and card.

An MLflow parameter cannot be changed and a metric only gets points, so a run that was exported
before and says something else now is written anew, takes over the tags that people gave it, and
the former one goes to MLflow's bin.
"""

import hashlib
import json
import math
import os
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict
from datetime import UTC, datetime
from itertools import islice
from pathlib import Path
from types import ModuleType
from typing import Any
from urllib.parse import urlsplit

from db.enums import RunStatus
from forge_core import extras
from forge_core.errors import ExportFailed
from forge_core.runs.tracking import csv_tables
from forge_core.runs.tracking.facts import ClassResult, RunFacts
from forge_core.runs.tracking.outcome import Exported, Outcome

TAG = "vision_forge."
WORKSPACE_TAG, RUN_TAG, DIGEST_TAG = f"{TAG}workspace_id", f"{TAG}run_id", f"{TAG}export_sha256"
NOTE_TAG = "mlflow.note.content"
"""What MLflow shows as the description of a run."""
STATES = {
    RunStatus.SUCCEEDED: "FINISHED",
    RunStatus.FAILED: "FAILED",
    RunStatus.CANCELLED: "KILLED",
    RunStatus.INTERRUPTED: "KILLED",
}
OWN_SETTINGS = {
    "MLFLOW_DISABLE_TELEMETRY": "true",  # what we train is nobody's business
    "MLFLOW_HTTP_REQUEST_MAX_RETRIES": "2",  # a person waits: not seven, minutes long
}
"""Of MLflow, unless the environment says something else."""
MOST_METRICS, MOST_PARAMETERS = 1_000, 100
"""That one request may carry."""
NOT_IN_A_NAME = re.compile(r"[^\w \-.]")
MAX_NAME_CHARACTERS = 100


def load() -> ModuleType:
    """The package.

    Raises:
        InvalidInput: The extra is not installed.
    """
    for name, value in OWN_SETTINGS.items():
        os.environ.setdefault(name, value)
    return extras.load("mlflow", extra="mlflow", purpose="The export to MLflow")


def write(facts: RunFacts, address: str, experiment: str, *, with_files: bool = True) -> Exported:
    """Write a run into an experiment of MLflow, or leave the one that says the same.

    Args:
        facts: The run.
        address: Of a server (http, https) or a database (`sqlite:///mlflow.db`).
        experiment: Its name; it is made where it is not there.
        with_files: Also checkpoint, card and the table of classes, as artifacts.

    Raises:
        InvalidInput: The extra is not installed.
        ExportFailed: MLflow does not take it, with what it said.
    """
    mlflow = load()
    try:
        client = mlflow.MlflowClient(tracking_uri=address)
        outcome = _Writing(mlflow, client, facts, with_files=with_files).write(
            _find_or_make_experiment(client, address, experiment)
        )
    except mlflow.MlflowException as error:
        raise ExportFailed(
            f"MLflow at {shown_address(address)} did not take run {facts.run.run_id}.",
            next_step="Check the address; where a folder was named, name a database instead: "
            "sqlite:///mlflow.db",
            detail=str(error),
        ) from error
    place = f"{shown_address(address)}, experiment {experiment}"
    return Exported(run_id=facts.run.run_id, target="mlflow", place=place, outcome=outcome)


def shown_address(address: str) -> str:
    """The address without a password."""
    parts = urlsplit(address)
    if "@" not in parts.netloc:
        return address
    return parts._replace(netloc=parts.netloc.rpartition("@")[2]).geturl()


class _Writing:
    def __init__(self, mlflow: Any, client: Any, facts: RunFacts, *, with_files: bool) -> None:
        self._entities, self._client, self._facts = mlflow.entities, client, facts
        self._files = with_files and facts.checkpoint is not None
        self._began = _milliseconds(facts.run.started_at or facts.run.created_at)

    def write(self, experiment_id: str) -> Outcome:
        facts, digest = self._facts, self._digest()
        former = self._client.search_runs(
            [experiment_id],
            filter_string=f"tags.`{WORKSPACE_TAG}` = '{facts.workspace_id}' "
            f"and tags.`{RUN_TAG}` = '{facts.run.run_id}'",
        )
        whole = [run for run in former if run.data.tags.get(DIGEST_TAG) == digest]
        if not whole:
            kept_tags: dict[str, str] = {}
            for run in reversed(former):
                kept_tags |= {k: v for k, v in run.data.tags.items() if not _is_ours(k)}
            self._add(experiment_id, digest, kept_tags)
        for run in former:  # only now: a failure leaves what was there
            if run not in whole[:1]:
                self._client.delete_run(run.info.run_id)
        if whole:
            return Outcome.KEPT
        return Outcome.REPLACED if former else Outcome.WRITTEN

    def _digest(self) -> str:
        """Equal as long as an export would say the same."""
        facts = self._facts
        said = [
            *(facts.run.name, facts.run.status, facts.run.message, facts.checkpoint_sha256),
            *(facts.run.is_starred, facts.run.note, facts.tags),
            *(facts.parameters, facts.metrics, facts.series, self._files),
            [asdict(each) for each in facts.classes],
        ]
        return hashlib.sha256(json.dumps(said, sort_keys=True).encode()).hexdigest()

    def _add(self, experiment_id: str, digest: str, kept_tags: Mapping[str, str]) -> None:
        facts, client = self._facts, self._client
        run = facts.run
        made = client.create_run(
            experiment_id,
            start_time=self._began,
            run_name=facts.title,
            tags={
                **kept_tags,
                **({NOTE_TAG: run.note} if run.note else {}),
                WORKSPACE_TAG: facts.workspace_id,
                RUN_TAG: str(run.run_id),
                f"{TAG}workspace": facts.workspace_name,
                f"{TAG}author": run.author,
                f"{TAG}state": run.status.value,
                f"{TAG}message": run.message,
                f"{TAG}tags": ", ".join(facts.tags),
                f"{TAG}starred": "yes" if run.is_starred else "",
                f"{TAG}checkpoint_sha256": facts.checkpoint_sha256,
            },
        ).info.run_id
        parameters = (self._entities.Param(*pair) for pair in _parameters(facts))
        for some in _in_parts(parameters, MOST_PARAMETERS):
            client.log_batch(made, params=some)
        for points in _in_parts(self._metrics(), MOST_METRICS):
            client.log_batch(made, metrics=points)
        if self._files:
            assert facts.checkpoint is not None, "else there are no files"
            assert facts.card is not None, "of the checkpoint"
            client.log_artifact(made, str(facts.checkpoint), "checkpoint")
            client.log_text(made, facts.card.to_json(), "checkpoint/card.json")
            client.log_text(made, csv_tables.class_table(facts).decode(), "classes.csv")
        end = _milliseconds(run.finished_at) if run.finished_at else self._began
        client.set_terminated(made, status=STATES[run.status], end_time=end)
        client.set_tag(made, DIGEST_TAG, digest)

    def _metrics(self) -> Iterator[Any]:
        """All numbers. When each was computed is not kept: the step tells them apart."""
        facts = self._facts
        finals = {**facts.metrics, **_class_metrics(facts.classes)}
        for name, final in finals.items():
            yield self._entities.Metric(name, final, self._began, 0)
        for name, points in facts.series.items():
            for step, value in points:
                number = math.nan if value is None else value
                yield self._entities.Metric(name, number, self._began, step)


def _find_or_make_experiment(client: Any, address: str, name: str) -> str:
    found = client.get_experiment_by_name(name)
    if found is not None:
        return str(found.experiment_id)
    place = None
    if address.startswith("sqlite:///"):  # MLflow would put files below wherever we stand
        database = Path(address.removeprefix("sqlite:///")).resolve()
        place = (database.parent / "mlartifacts").as_uri()
    return str(client.create_experiment(name, artifact_location=place))


def _parameters(facts: RunFacts) -> Iterator[tuple[str, str]]:
    for name, value in facts.parameters.items():
        yield NOT_IN_A_NAME.sub("-", name), str(value)


def _class_metrics(classes: list[ClassResult]) -> dict[str, float]:
    """Results of classes by names that MLflow takes: "test/recall/circle"."""
    found: dict[str, float] = {}
    taken: set[tuple[str, str]] = set()
    for each in classes:
        name = NOT_IN_A_NAME.sub("-", each.class_name).strip(". ")[:MAX_NAME_CHARACTERS]
        if not name or (each.split, name) in taken:  # two that only differ in a sign
            name = f"{name} {each.label_id}".strip()
        taken.add((each.split, name))
        for measure in ("precision", "recall", "f1"):
            value = getattr(each, measure)
            if value is not None:
                found[f"{each.split}/{measure}/{name}"] = value
    return found


def _in_parts(things: Iterable[Any], most: int) -> Iterator[list[Any]]:
    rest = iter(things)
    while part := list(islice(rest, most)):
        yield part


def _is_ours(tag: str) -> bool:
    """Whether a tag is written by the export, or by MLflow about the one that was replaced."""
    by_mlflow = ("mlflow.runName", "mlflow.user", "mlflow.source.", "mlflow.artifacts")
    return tag.startswith((TAG, *by_mlflow))


def _milliseconds(when: datetime) -> int:
    return int(when.replace(tzinfo=UTC).timestamp() * 1000)
