"""Ten minutes of a stranger with the queue of labels that look wrong.

    python -m benchmarks.review_session FOLDER [--wrong 0.05] [--seconds 600] [--key 1.5]
        [--network mobilenet_v2@128] [--seeds 3] [--json FILE]

FOLDER is a folder of class folders such as imagenette224_dev. A share of the labels is swapped for
another class, drawn by chance; the images are imported, embedded and judged, and an oracle that
knows the true labels answers the queue from the top, one key an image: keep what is right, choose
the class of what is not. It has so many seconds, and each answer takes it so long as a person's
key does (the product's own time is added). Counts what was found and mended, how many keys it
took, and what the labels are worth afterwards. Needs the network's weights in TORCH_HOME.
"""

import argparse
import json
import random
import tempfile
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from db.enums import Question
from db.records import AssetFilter
from forge_core.catalog.editing import classes, decisions, label_edits
from forge_core.catalog.importing import import_plan, run_import
from forge_core.catalog.listing import asset_list, queues
from forge_core.people.actor import Actor
from forge_core.predictions import label_judging
from forge_core.predictions.embeddings import networks
from forge_core.settings import Settings
from forge_core.workspace import Workspace, open_workspace

ACTOR = Actor("stranger")
WANTED = 0.8


def main() -> None:
    """Print a row a seed, as JSON."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--wrong", type=float, default=0.05)
    parser.add_argument("--seconds", type=float, default=600)
    parser.add_argument("--key", type=float, default=1.5, help="Seconds a person needs an image.")
    parser.add_argument("--network", default="mobilenet_v2@128")
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--json", type=Path)
    options = parser.parse_args()
    rows = []
    for seed in range(options.seeds):
        with tempfile.TemporaryDirectory() as scratch:
            rows.append(measure(Path(scratch), options, seed))
    report = {"rows": rows, "wanted": WANTED, "worst": min(row["mended"] for row in rows)}
    text = json.dumps(report, indent=2)
    print(text)
    if options.json:
        options.json.write_text(text)


def measure(scratch: Path, options: argparse.Namespace, seed: int) -> dict[str, Any]:
    """One session."""
    settings = Settings(_env_file=None, workspace=scratch / "workspace", user=ACTOR.name)
    workspace = open_workspace(settings)
    run_import.run_import(workspace, import_plan.prepare(workspace, options.folder), actor=ACTOR)
    true = {
        asset_id: asset_list.get_asset(workspace, asset_id).label_id
        for asset_id in asset_list.list_ids(workspace, AssetFilter(label="any"))
    }
    swapped = swap(workspace, true, options.wrong, random.Random(seed))
    begin = time.perf_counter()
    label_judging.judge_labels(workspace, networks.parse(options.network))
    judging = time.perf_counter() - begin
    answered = review(workspace, true, options.seconds, options.key)
    left = count_wrong(workspace, true)
    workspace.database.dispose()
    return {
        "images": len(true),
        "swapped": len(swapped),
        "judging_s": round(judging, 1),
        "answers": answered["answers"],
        "kept": answered["kept"],
        "mended": round(1 - left / len(swapped), 3),
        "wrong_before": round(len(swapped) / len(true), 4),
        "wrong_after": round(left / len(true), 4),
        "product_ms_an_answer": answered["product_ms"],
    }


def swap(
    workspace: Workspace, true: Mapping[Any, int | None], share: float, draw: random.Random
) -> list[Any]:
    """Give a share of the images another class; returns which."""
    numbers = [label.label_id for label in classes.list_classes(workspace)]
    chosen = draw.sample(sorted(true), round(share * len(true)))
    for asset_id in chosen:
        other = draw.choice([each for each in numbers if each != true[asset_id]])
        label_edits.relabel(workspace, [asset_id], other, actor=ACTOR)
    return chosen


def review(
    workspace: Workspace, true: Mapping[Any, int | None], seconds: float, key: float
) -> dict[str, Any]:
    """Answer the queue from the top until the time is up or it is empty."""
    queue = queues.QUEUES["wrong_labels"]
    spent, answers, kept, computed = 0.0, 0, 0, 0.0
    while spent < seconds:
        begin = time.perf_counter()
        page = asset_list.list_assets(workspace, queue.filter(), sort=queue.sort, limit=1)
        if not page.assets:
            break
        (asset,) = page.assets
        label_id = true[asset.asset_id]
        is_right = asset.label_id == label_id
        decisions.decide(
            workspace,
            [asset.asset_id],
            "keep" if is_right else "choose",
            question=Question.LABEL,
            actor=ACTOR,
            label_id=None if is_right else label_id,
        )
        took = time.perf_counter() - begin
        computed += took
        spent += key + took
        answers += 1
        kept += is_right
    return {"answers": answers, "kept": kept, "product_ms": round(1e3 * computed / answers, 1)}


def count_wrong(workspace: Workspace, true: Mapping[Any, int | None]) -> int:
    """Images whose label is not the true one."""
    return sum(
        asset_list.get_asset(workspace, asset_id).label_id != label_id
        for asset_id, label_id in true.items()
    )


if __name__ == "__main__":
    main()
