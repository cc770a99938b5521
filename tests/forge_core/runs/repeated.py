"""Runs of several seeds with what each answered, without training one."""

from collections.abc import Sequence

from db.enums import CheckpointKind, RunStatus, Split
from db.run_records import CheckpointFile, EvaluationAnswer
from forge_core.catalog.listing import asset_list, filter_fields
from forge_core.predictions import measured_images
from forge_core.runs.starting import launch
from forge_core.training.config import TrainConfig
from forge_core.workspace import Workspace

SETTINGS = TrainConfig(architecture="forge_cnn", input_size=16, scratch_epochs=9, device="cpu")


def _listed(flags: Sequence[bool]) -> dict[str, object]:
    """What a list has of a report."""
    return {
        "accuracy": sum(flags) / len(flags),
        "accuracy_interval": [0.0, 1.0],
        "num_images": len(flags),
        "sampled": None,
    }


def add_measured(
    workspace: Workspace, right: Sequence[Sequence[bool]], config: TrainConfig = SETTINGS
) -> list[int]:
    """One finished run of 60 s a row of `right`, which says of which test images it is right.

    All are one group, with the seeds 0, 1, 2 ...; images are in the order of their ids.
    """
    check = launch.check_data(workspace)
    where = filter_fields.read({"split": "test"})
    found = asset_list.list_assets(workspace, where, limit=500).assets
    assets = sorted(found, key=lambda asset: asset.asset_id)
    digest = measured_images.describe(workspace, check.revision_id, "test").digest
    run_ids = []
    for seed, flags in enumerate(right):
        with workspace.database.write() as uow:
            now = uow.jobs.now()
            run_id = uow.runs.add(
                name="",
                status=RunStatus.SUCCEEDED,
                author="tester",
                config={**config.to_dict(), "seed": seed},
                revision_id=check.revision_id,
                class_names=check.class_names,
                label_ids=check.label_ids,
                best_epoch=1,
                best_val_accuracy=sum(flags) / len(flags),
                accuracies=dict.fromkeys(("val", "test"), _listed(flags)),
                started_at=now.replace(minute=10),
                finished_at=now.replace(minute=11),
            )
            content_hash = f"{run_id:064x}"
            uow.checkpoints.add(
                CheckpointFile(
                    run_id=run_id,
                    kind=CheckpointKind.BEST,
                    file_path=f"run-{run_id}/best.safetensors",
                    content_hash=content_hash,
                    size_bytes=1,
                    epoch=1,
                    val_accuracy=0.5,
                )
            )
            evaluation_id = uow.evaluations.add(
                run_id=run_id,
                checkpoint_hash=content_hash,
                split=Split.TEST,
                revision_id=check.revision_id,
                num_images=len(assets),
                accuracy=sum(flags) / len(flags),
                report={},
                author="tester",
                data_digest=digest,
            )
            wrong = dict(
                zip(check.label_ids, check.label_ids[1:] + check.label_ids[:1], strict=True)
            )
            answers = [
                EvaluationAnswer(
                    asset_id=asset.asset_id,
                    label_id=asset.label_id or 0,
                    predicted_id=(asset.label_id or 0) if is_right else wrong[asset.label_id or 0],
                    confidence=0.9,
                    label_rank=1 if is_right else 2,
                    label_probability=0.9 if is_right else 0.1,
                    is_trained=False,
                )
                for asset, is_right in zip(assets, flags, strict=True)
            ]
            uow.evaluations.add_answers(evaluation_id, answers)
            run_ids.append(run_id)
    if len(run_ids) > 1:
        with workspace.database.write() as uow:
            uow.run_seeds.add(run_ids[0], run_ids)
    return run_ids
