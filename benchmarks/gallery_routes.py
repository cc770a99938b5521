"""How fast the thumbnail route is: kept thumbnails, and thumbnails that have yet to be made."""

import json
import random
import shutil
import statistics
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

from benchmarks import importing
from benchmarks.gallery_catalog import drawn_files
from db.records import Asset, AssetFilter
from forge_core.api import addresses, endpoints, tokens
from forge_core.catalog.listing import asset_list
from forge_core.people.actor import Actor
from forge_core.workspace import Workspace

ROUNDS = 5
CONNECTIONS = 6
"""As many as a browser opens to a host."""


def measure_first(workspace: Workspace, url: str, number: int) -> dict[str, Any]:
    """Thumbnails that are not kept, against a plain loop that decodes and encodes the same files.

    The loop (`benchmarks.importing`) reads, hashes, decodes and encodes in one process and keeps
    nothing. Both take turns, on other files in each round.
    """
    shutil.rmtree(workspace.cache_folder / "thumbnails", ignore_errors=True)
    assets = newest_first(workspace, number)
    root = workspace.store.local_root()
    assert root is not None
    share = len(assets) // ROUNDS
    ratios, route_rates, loop_rates = [], [], []
    for turn in range(ROUNDS):
        part = assets[turn * share : (turn + 1) * share]
        files = [root / asset.file_path for asset in part]
        if turn % 2:
            loop, route = plain_rate(files), ask(workspace, url, part)["per_second"]
        else:
            route, loop = ask(workspace, url, part)["per_second"], plain_rate(files)
        ratios.append(route / loop)
        route_rates.append(route)
        loop_rates.append(loop)
    return {
        "images": share * ROUNDS,
        "route_per_second": round(statistics.median(route_rates)),
        "plain_loop_per_second": round(statistics.median(loop_rates)),
        "ratio": round(statistics.median(ratios), 2),
        "target": "ratio >= 0.85",
    }


def measure_kept(workspace: Workspace, url: str, number: int, times: int) -> dict[str, Any]:
    """Kept thumbnails in another order each time, by several connections."""
    assets = newest_first(workspace, number)
    rounds = []
    for turn in range(times + 1):
        random.Random(turn).shuffle(assets)
        rounds.append(ask(workspace, url, assets))
    rounds = rounds[1:]  # the first warms the server
    rounds.sort(key=lambda found: found["per_second"])
    return {**rounds[len(rounds) // 2], "connections": CONNECTIONS, "target": "per_second >= 1000"}


def newest_first(workspace: Workspace, number: int) -> list[Asset]:
    """The newest images; all of them have files."""
    assert number <= len(drawn_files(workspace))
    found: list[Asset] = []
    after = None
    while len(found) < number:
        page = asset_list.list_assets(workspace, AssetFilter(), after=after, limit=500)
        found += page.assets
        after = page.next_cursor
    return found[:number]


def ask(workspace: Workspace, url: str, assets: list[Asset]) -> dict[str, Any]:
    """Ask for these thumbnails from a process of its own."""
    cookie = endpoints.mint_token(workspace, Actor.of_process(workspace), purpose=tokens.READ)
    root = addresses.root(workspace.id)
    asked = {
        "paths": [f"{root}/thumbnails/{a.asset_id}/{a.content_hash}" for a in assets],
        "cookie": f"{endpoints.COOKIE}={cookie}",
        "connections": CONNECTIONS,
    }
    done = subprocess.run(
        [sys.executable, "-m", "benchmarks.gallery_client", url],
        input=json.dumps(asked),
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def plain_rate(files: list[Path]) -> float:
    """Files a second of the plain loop, after they were read once."""
    for path in files:
        path.read_bytes()
    start = time.perf_counter()
    for path in files:
        importing.one_plain(path)
    return len(files) / (time.perf_counter() - start)
