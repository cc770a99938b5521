"""How fast is a catalog of a million images, and how does it grow?

    python -m benchmarks.catalog --assets 1000000 --database both --json out.json
    python -m benchmarks.catalog --assets 100000 --assets 1000000 --database sqlite

Makes a catalog of rows (100 classes, no files) by the code of an import, on SQLite with
`synchronous=FULL`, on the embedded Postgres with its defaults, or on both; then asks what pages
and runs ask, through `forge_core.catalog`. A page is asked at 30 places of its list, from the
first to the last image, after one question that warms the caches. Figures are milliseconds unless
named otherwise; `target` is what we promise for a million. With several sizes, exponents of
growth are printed: 0 is flat, 1 is linear.

Memory is the peak of a fresh process that does only that, the interpreter and libraries included.
"""

import argparse
import json
import math
import multiprocessing
import random
import statistics
import tempfile
import time
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

from benchmarks import catalog_building as building
from db.records import AssetFilter
from forge_core.catalog.editing import label_edits
from forge_core.catalog.listing import asset_list, balance, positions
from forge_core.catalog.revisions import as_of, diffs, history
from forge_core.workspace import Workspace

PLACES = 30
CLASSES_AND_IMPORT = building.CLASSES + 1
"""The revision of the import: one made each class before it."""
Figures = dict[str, dict[str, Any]]


def filters(label: int, run: int) -> dict[str, tuple[AssetFilter, tuple[str, ...]]]:
    """The listed filters with the orders that each promises."""
    by_time = ("newest", "oldest")
    return {
        "none": (AssetFilter(), (*by_time, "path")),
        "label": (AssetFilter(label=label), by_time),
        "split": (AssetFilter(split="val"), by_time),
        "label+split": (AssetFilter(label=label, split="train"), by_time),
        "unlabelled": (AssetFilter(label="none"), by_time),
        "unassigned": (AssetFilter(split="none"), by_time),
        "source": (AssetFilter(source="camera 3"), by_time),
        "reviewed": (AssetFilter(review="confirmed"), by_time),
        "not reviewed": (AssetFilter(review="none"), by_time),
        "augmented": (AssetFilter(augmented=True), by_time),
        "originals": (AssetFilter(augmented=False), by_time),
        "run": (
            AssetFilter(run=run),
            ("least_confident", "most_confident", "highest_entropy", "lowest_quality"),
        ),
    }


def free_filters(label: int, run: int) -> dict[str, tuple[AssetFilter, str]]:
    """Combinations that nobody listed."""
    return {
        "path has a rare text": (AssetFilter(text="img_00000777"), "newest"),
        "path has no such text": (AssetFilter(text="zzzz"), "newest"),
        "path has a common text": (AssetFilter(text="jpg"), "newest"),
        "text, by path": (AssetFilter(text="00777"), "path"),
        "text and label": (AssetFilter(text="0007", label=label), "newest"),
        "label, by path": (AssetFilter(label=label), "path"),
        "split, by path": (AssetFilter(split="val"), "path"),
        "unlabelled, by path": (AssetFilter(label="none"), "path"),
        "source and split": (AssetFilter(source="camera 3", split="test"), "newest"),
        "source, label, originals": (
            AssetFilter(source="camera 3", label=label, augmented=False),
            "newest",
        ),
        "label, least confident": (AssetFilter(label=label, run=run), "least_confident"),
        "unlabelled, most confident": (AssetFilter(label="none", run=run), "most_confident"),
        "split, least confident": (AssetFilter(split="val", run=run), "least_confident"),
        "predicted class": (AssetFilter(predicted=label, run=run), "newest"),
        "predicted class, highest entropy": (
            AssetFilter(predicted=label, run=run),
            "highest_entropy",
        ),
        "run disagrees": (AssetFilter(disagrees=True, run=run), "newest"),
        "run disagrees, surest": (AssetFilter(disagrees=True, run=run), "most_confident"),
        "run disagrees, label": (AssetFilter(disagrees=True, run=run, label=label), "newest"),
        "confidence in a wide range": (AssetFilter(confidence_min=0.5, run=run), "newest"),
        "confidence in a narrow range": (AssetFilter(confidence_max=0.001, run=run), "newest"),
        "unlabelled, lowest quality": (AssetFilter(label="none", run=run), "lowest_quality"),
        "shorter side, all": (AssetFilter(side_min=100), "newest"),
        "shorter side, none": (AssetFilter(side_max=100), "newest"),
        "days, none": (AssetFilter(until=date(2000, 1, 1)), "newest"),
        "author of all": (AssetFilter(author=building.ACTOR.name), "newest"),
        "author of few": (AssetFilter(author=building.FIXER.name), "newest"),
        "author of few, by path": (AssetFilter(author=building.FIXER.name), "path"),
        "changed since the import": (AssetFilter(changed_since=CLASSES_AND_IMPORT), "newest"),
        "near-duplicates": (AssetFilter(duplicates="any"), "newest"),
        "near-duplicates, label": (AssetFilter(duplicates="any", label=label), "newest"),
        "assigned, half": (AssetFilter(assigned="Ana"), "newest"),
        "assigned, few": (AssetFilter(assigned="Ben"), "newest"),
        "assigned to nobody": (AssetFilter(assigned="none"), "newest"),
        "assigned, unlabelled, least confident": (
            AssetFilter(assigned="Ana", label="none", run=run),
            "least_confident",
        ),
    }


def measure(kind: str, number: int, folder: Path) -> Figures:
    """Every figure of one catalog."""
    found: Figures = {}
    with building.make_workspace(kind, folder) as workspace:
        rate = building.fill(workspace, number)
        found["bulk insert"] = {"rows_per_second": round(rate), "target": ">= 15000"}
        run = building.finish(workspace)
        label = asset_list.list_assets(workspace, AssetFilter(label="any"), limit=1).assets[0]
        assert label.label_id is not None
        for name, (where, sorts) in filters(label.label_id, run).items():
            for sort in sorts:
                found[f"page: {name}, {sort}"] = measure_pages(workspace, where, sort) | {
                    "target": "p95 <= 10"
                }
            times = repeat(lambda where=where: asset_list.count_assets(workspace, where), 20)
            found[f"count: {name}"] = summary(times) | {"target": "p95 <= 10"}
        for name, (where, sort) in free_filters(label.label_id, run).items():
            times = repeat(
                lambda where=where, sort=sort: asset_list.list_assets(workspace, where, sort=sort),
                5,
            )
            found[f"free: {name}"] = summary(times) | {"target": "p95 <= 300"}
            times = repeat(
                lambda where=where, sort=sort: asset_list.count_assets(workspace, where, sort=sort),
                3,
            )
            found[f"count: free, {name}"] = summary(times)
        found["class balance"] = summary(repeat(lambda: balance.class_balance(workspace), 20)) | {
            "target": "p95 <= 5"
        }
        found |= measure_changes(workspace, label.label_id)
        found |= measure_past(workspace)
        found |= measure_memory(workspace, found["as of, 10,000 changes back"]["revision"])
    return found


def measure_pages(workspace: Workspace, where: AssetFilter, sort: str) -> dict[str, Any]:
    """Pages at many depths, the bookmarks of the list, and the plan at its middle."""
    start = time.perf_counter()
    with workspace.database.read() as uow:
        marks = uow.asset_lists.list_bookmarks(where, sort=sort, every=positions.EVERY)
    built = 1000 * (time.perf_counter() - start)
    positions.bookmarks(workspace, where, sort)
    length = len(marks) * positions.EVERY
    places = [round(length * i / PLACES) for i in range(PLACES)]
    random.Random(4).shuffle(places)
    cursors = [positions.bookmarks(workspace, where, sort).place_before(p)[0] for p in places]
    asset_list.list_assets(workspace, where, sort=sort)
    times = [
        timed(lambda c=cursor: asset_list.list_assets(workspace, where, sort=sort, after=c))
        for cursor in cursors
    ]
    jumps = [
        timed(lambda p=place: positions.list_at(workspace, where, position=p + 500, sort=sort))
        for place in places
    ]
    plan = explain(workspace, where, sort, marks[len(marks) // 2] if marks else None)
    return summary(times) | {
        "matching": asset_list.count_assets(workspace, where),
        "jump_p95": summary(jumps)["p95"],
        "bookmarks_built": round(built, 1),
        "plan": plan,
    }


def explain(workspace: Workspace, where: AssetFilter, sort: str, after: str | None) -> str:
    """The database's own words on how it finds a page."""
    with workspace.database.read() as uow:
        statement = uow.asset_lists.page_statement(where, sort=sort, after=after, limit=100)
        compiled = statement.compile(
            workspace.database.engine, compile_kwargs={"render_postcompile": True}
        )
        prefix = "EXPLAIN QUERY PLAN " if workspace.database.is_sqlite else "EXPLAIN (COSTS OFF) "
        connection = uow.session.connection()
        parameters = compiled.construct_params()
        processors = compiled._bind_processors
        values = {
            name: processors[name](value) if name in processors else value
            for name, value in parameters.items()
        }
        sent: Any = [values[name] for name in compiled.positiontup or []] or values
        rows = connection.exec_driver_sql(
            prefix + str(compiled), tuple(sent) if isinstance(sent, list) else sent
        ).all()
    lines = [str(row[-1]).strip() for row in rows]
    return "; ".join(line for line in lines if "Sort Key" not in line and "Filter" not in line)


def measure_changes(workspace: Workspace, label_id: int) -> Figures:
    """Relabel one, and ten thousand by a filter, with the undo of it."""
    with workspace.database.read() as uow:
        ids = uow.assets.list_ids(AssetFilter(split="val"))
        labels = [label.label_id for label in uow.labels.list_all()]
    chosen = random.Random(5)
    one = [
        timed(
            lambda: label_edits.relabel(
                workspace, [chosen.choice(ids)], chosen.choice(labels), actor=building.ACTOR
            )
        )
        for _ in range(100)
    ]
    found: Figures = {"relabel one, committed": summary(one) | {"target": "p95 <= 15"}}
    where = AssetFilter(label=label_id)
    other = next(label for label in labels if label != label_id)
    start = time.perf_counter()
    result = label_edits.relabel_matching(workspace, where, other, actor=building.ACTOR)
    took = 1000 * (time.perf_counter() - start)
    found["relabel by filter"] = {
        "ms": round(took),
        "changed": result.num_changed,
        "ms_per_10000": round(took * 10_000 / max(result.num_changed, 1)),
        "target": "10,000 in <= 1500",
    }
    assert result.revision_id is not None
    undone = result.revision_id
    took = timed(lambda: history.undo(workspace, undone, actor=building.ACTOR))
    found["undo of that"] = {"ms": round(took), "changed": result.num_changed}
    return found


def measure_past(workspace: Workspace) -> Figures:
    """The catalog as of a revision that 10,000 changes came after."""
    then = building.change_ten_thousand(workspace)
    now = history.latest_revision_id(workspace)
    train = repeat(lambda: as_of.read_columns(workspace, then, split="train"), 3)
    columns = as_of.read_columns(workspace, then, split="train")
    return {
        "as of, 10,000 changes back": summary(
            repeat(lambda: as_of.read_columns(workspace, then), 3)
        )
        | {
            "what": "id, label, split and origin of every image, in memory, in order",
            "revision": then,
            "target": "<= 1000",
        },
        "as of, with paths and hashes": summary(repeat(lambda: history.as_of(workspace, then), 3)),
        "as of, a page of 100 of them": summary(
            repeat(lambda: diffs.diff(workspace, then, now, limit=100), 3)
        )
        | {"what": "diff to now: counts, label moves and 100 entries"},
        "ids and labels of an epoch": summary(train)
        | {"images": len(columns), "target": "800,000 in <= 2000"},
    }


def measure_memory(workspace: Workspace, revision: int) -> Figures:
    """The peak memory of a fresh process for each."""
    settings = workspace.settings.model_dump(mode="json")
    context = multiprocessing.get_context("spawn")
    found: Figures = {}
    for name in MEMORY:
        with context.Pool(1) as pool:
            peak = pool.apply(_peak_of, (name, settings, revision))
        found[f"memory: {name}"] = {"peak_mb": round(peak), "target": "<= 300"}
    return found


def _peak_of(name: str, settings: dict[str, Any], revision: int) -> float:
    from forge_core.settings import Settings
    from forge_core.workspace import open_workspace

    workspace = open_workspace(Settings(_env_file=None, **settings))
    kept = MEMORY[name](workspace, revision)
    lines = Path("/proc/self/status").read_text().splitlines()
    status = dict(line.split(":", 1) for line in lines)
    del kept
    return int(status["VmHWM"].split()[0]) / 1024  # ru_maxrss would begin with our own


def _relabel_all(workspace: Workspace, _: int) -> Any:
    return label_edits.relabel_matching(
        workspace, AssetFilter(split="train"), None, actor=building.ACTOR
    )


MEMORY: dict[str, Callable[[Workspace, int], Any]] = {
    "nothing but opening": lambda w, r: history.latest_revision_id(w),
    "ids and labels of an epoch": lambda w, r: as_of.read_columns(w, r, split="train"),
    "as of, with paths and hashes": lambda w, r: history.as_of(w, r),
    "bookmarks": lambda w, r: positions.bookmarks(w, AssetFilter()),
    "diff": lambda w, r: diffs.diff(w, r, history.latest_revision_id(w)),
    "relabel every image of train": _relabel_all,
}


def timed(work: Callable[[], Any]) -> float:
    """Milliseconds that it takes."""
    start = time.perf_counter()
    work()
    return 1000 * (time.perf_counter() - start)


def repeat(work: Callable[[], Any], times: int) -> list[float]:
    """Milliseconds of each repetition, after one that warms the caches."""
    work()
    return [timed(work) for _ in range(times)]


def summary(times: list[float]) -> dict[str, Any]:
    """Median and 95th percentile of milliseconds."""
    ordered = sorted(times)
    return {
        "p50": round(statistics.median(ordered), 2),
        "p95": round(ordered[min(len(ordered) - 1, math.ceil(0.95 * len(ordered)) - 1)], 2),
    }


def exponents(by_size: dict[int, Figures]) -> dict[str, float]:
    """How each time grows with the number of images: log of ratio over log of ratio."""
    small, large = min(by_size), max(by_size)
    found = {}
    for name, values in by_size[large].items():
        before = by_size[small].get(name, {})
        for key in ("p50", "ms", "peak_mb"):
            if key in values and before.get(key):
                ratio = max(values[key], 0.01) / max(before[key], 0.01)
                found[name] = round(math.log(ratio) / math.log(large / small), 2)
                break
    return found


def show(kind: str, number: int, found: Figures) -> None:
    """The table of one catalog."""
    print(f"\n{kind}, {number:,} images")
    for name, values in found.items():
        numbers = ", ".join(
            f"{key} {value}" for key, value in values.items() if key not in ("plan", "what")
        )
        print(f"  {name:<36} {numbers}")
        if "plan" in values:
            print(f"  {'':<36} {values['plan']}")


def main() -> None:
    """Measure, print, write."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=_Plain)
    parser.add_argument("--assets", type=int, action="append", help="how many; several for growth")
    parser.add_argument("--database", choices=["sqlite", "postgres", "both"], default="sqlite")
    parser.add_argument("--json", type=Path, help="write all figures here")
    arguments = parser.parse_args()
    sizes = arguments.assets or [100_000]
    kinds = ["sqlite", "postgres"] if arguments.database == "both" else [arguments.database]
    answer: dict[str, Any] = {}
    for kind in kinds:
        by_size: dict[int, Figures] = {}
        for number in sizes:
            with tempfile.TemporaryDirectory(prefix="forge-catalog-") as folder:
                Path(folder).chmod(0o755)  # the embedded Postgres is another user
                by_size[number] = measure(kind, number, Path(folder) / "workspace")
            show(kind, number, by_size[number])
        answer[kind] = {"figures": by_size}
        if len(sizes) > 1:
            answer[kind]["exponents"] = exponents(by_size)
            print(f"\n{kind}: exponents of growth from {min(sizes):,} to {max(sizes):,}")
            for name, value in answer[kind]["exponents"].items():
                print(f"  {name:<36} {value}")
        if arguments.json:
            arguments.json.write_text(json.dumps(answer, indent=2, default=str))


_Plain = argparse.RawDescriptionHelpFormatter

if __name__ == "__main__":
    main()
