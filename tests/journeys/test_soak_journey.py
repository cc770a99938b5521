"""One person labels in a browser and eight others through the routes, for a moment or for long.

At the end every label that was acknowledged is in the catalog exactly once, nothing else is, and
neither the server nor the tab has grown. `make soak` sets FORGE_TEST_SOAK_SECONDS to half an hour.
"""

import http.client
import json
import mmap
import os
import random
import statistics
import sys
import threading
import time
import uuid
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect
from sqlalchemy import select

from db.models import AssetChangeRow, RevisionRow
from forge_core.api import addresses, endpoints
from forge_core.catalog.editing import classes
from forge_core.catalog.revisions import history
from forge_core.people.actor import Actor
from forge_core.workspace import Workspace
from tests import arrange
from tests.journeys.ledger import Ledger
from tests.journeys.own_memory import own_memory_mb
from tests.journeys.servers import ForgeServer, visit
from tests.journeys.tab_memory import tab_memory

pytestmark = [pytest.mark.browser, pytest.mark.slow]

SOAK_SECONDS = float(os.environ.get("FORGE_TEST_SOAK_SECONDS", "15"))
IS_LONG = SOAK_SECONDS >= 600
"""Memory is flat only after the caches have filled, so a short soak reports it alone."""
KEYS_PER_SECOND = 5
NUM_OTHERS = 8
OTHERS_PAUSE_SECONDS = 0.5
NUM_MINE, NUM_SHARED = 120, 160
CLASS_BY_KEY = {"1": "cat", "2": "dog", "3": "wolf"}
SAMPLES = 60
GROWTH_ALLOWED = 1.10
"""Of the memory in the last third of a long soak, relative to the middle third."""


@dataclass(eq=False)
class Other(threading.Thread):
    """A person who labels shared images through the routes, and repeats a request now and then.

    A connection that was kept open may be closed by the server just as a request is sent. As every
    client must, this one then asks again: an operation is known by its id.
    """

    server: ForgeServer
    author: str
    ids: Sequence[str]
    label_ids: Sequence[int]
    stop: threading.Event
    told: dict[str, tuple[int, str, int]] = field(default_factory=dict)
    """Acknowledged changes: operation id -> revision, image, label."""
    statuses: Counter[str] = field(default_factory=Counter)
    num_lost: int = 0
    """Connections that were lost while they waited for an answer."""
    problems: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        super().__init__(name=self.author)
        workspace = self.server.workspace
        self.root = addresses.root(workspace.id)
        self.token = endpoints.mint_token(workspace, Actor(self.author), 4 * 3600)
        self.versions: dict[str, int] = {}
        self.random = random.Random(self.author)

    def run(self) -> None:
        connection = http.client.HTTPConnection("127.0.0.1", self.server.port, timeout=60)
        try:
            while not self.stop.wait(self.random.uniform(0.5, 1.5) * OTHERS_PAUSE_SECONDS):
                self.label_some(connection)
                self.ask(connection, "GET", "/revision")
                if self.random.random() < 0.1:
                    self.ask(connection, "GET", "/assets?limit=100")
        except Exception as error:
            self.problems.append(repr(error))
        finally:
            connection.close()

    def label_some(self, connection: http.client.HTTPConnection) -> None:
        operations = [self.make_operation() for _ in range(self.random.choice([1, 1, 1, 3]))]
        for _ in range(2 if self.random.random() < 0.1 else 1):  # an answer got lost on the way
            answer = self.ask(connection, "POST", "/operations", {"operations": operations})
            for operation, result in zip(operations, answer["results"], strict=True):
                self.take(operation, result)

    def make_operation(self) -> dict[str, Any]:
        asset_id = self.random.choice(self.ids)
        seen = self.versions.get(asset_id)
        return {
            "operation_id": uuid.uuid4().hex,
            "kind": "relabel",
            "asset_ids": [asset_id],
            "label_id": self.random.choice(self.label_ids),
            **({"expected_versions": {asset_id: seen}} if seen is not None else {}),
        }

    def take(self, operation: dict[str, Any], result: dict[str, Any]) -> None:
        self.statuses[result["status"]] += 1
        for asset in result.get("assets", []):
            self.versions[asset["id"]] = asset["row_version"]
        if result["status"] in ("applied", "already_applied"):
            entry = (result["revision_id"], operation["asset_ids"][0], operation["label_id"])
            before = self.told.setdefault(operation["operation_id"], entry)
            if before != entry:
                self.problems.append(f"told {before} first and {entry} then")
        elif result["status"] not in ("nothing", "conflict"):
            self.problems.append(str(result))

    def ask(
        self, connection: http.client.HTTPConnection, method: str, path: str, body: Any = None
    ) -> Any:
        sent = json.dumps(body) if body is not None else None
        headers = {endpoints.TOKEN_HEADER: self.token, "Content-Type": "application/json"}
        for is_again in (False, True):
            try:
                connection.request(method, self.root + path, sent, headers)
                answer = connection.getresponse()
                content = answer.read()
                break
            except ConnectionError:
                connection.close()  # the next request opens a new one
                self.num_lost += 1
                if is_again:
                    raise
        assert answer.status == 200, content
        return json.loads(content)


@dataclass
class Memory:
    """Megabytes of server (its own) and tab (PSS), at regular moments."""

    server: list[float] = field(default_factory=list)
    tab: list[float] = field(default_factory=list)
    heap: list[float] = field(default_factory=list)
    dom_nodes: list[float] = field(default_factory=list)

    def sample(self, server: ForgeServer, browser: Browser, page: Page) -> None:
        assert server.process is not None
        found = tab_memory(browser, page, sweep=IS_LONG)
        self.server.append(own_memory_mb(server.process.pid))
        self.tab.append(found["process_pss_mb"])
        self.heap.append(found["heap_mb"])
        self.dom_nodes.append(found["dom_nodes"])

    def report(self) -> dict[str, Any]:
        return {
            name: {
                "middle_third": round(third(values, 1), 1),
                "last_third": round(third(values, 2), 1),
                "growth": round(third(values, 2) / third(values, 1), 3),
            }
            for name, values in vars(self).items()
        }


def third(values: Sequence[float], which: int) -> float:
    size = len(values) // 3
    return statistics.median(values[which * size : (which + 1) * size])


def test_own_memory__is_what_a_process_wrote_and_not_what_it_maps():
    library = Path(str(find_spec("torch").origin)).parent / "lib" / "libtorch_cpu.so"
    before = own_memory_mb(os.getpid())
    with (
        library.open("rb") as file,
        mmap.mmap(file.fileno(), 64_000_000, prot=mmap.PROT_READ) as mapped,
    ):
        assert len(mapped[::4096]) == 15_625  # every page was read
        assert own_memory_mb(os.getpid()) - before < 16
    written = bytearray(b"x") * 64_000_000
    assert 60 < own_memory_mb(os.getpid()) - before < 80
    del written


@pytest.mark.timeout(SOAK_SECONDS + 300)
def test_soak__nothing_acknowledged_is_lost_or_doubled(
    sqlite_workspace: Workspace,
    tmp_path: Path,
    started_anew: None,  # its memory is measured, which a fork would share
    forge_server: Callable[..., ForgeServer],
    browser: Browser,
    browser_page: Page,
    capsys: pytest.CaptureFixture[str],
):
    workspace, page = sqlite_workspace, browser_page
    arrange.import_folder(workspace, arrange.draw_folder(tmp_path / "a", ("mine",), NUM_MINE))
    arrange.import_folder(workspace, arrange.draw_folder(tmp_path / "b", ("shared",), NUM_SHARED))
    label_ids = [
        classes.create_class(workspace, name, actor=Actor("anna"), hotkey=key).label_id
        for key, name in CLASS_BY_KEY.items()
    ]
    shared = [str(a.asset_id) for a in arrange.list_all(workspace) if "shared" in a.file_path]
    since = history.latest_revision_id(workspace)
    server = forge_server(workspace, FORGE_USER="anna")
    ledger = Ledger(workspace, CLASS_BY_KEY)
    ledger.open(page)
    visit(page, f"{server.url}/gallery?text=mine_")
    expect(page.locator(".count")).to_contain_text(f"{NUM_MINE} of ", timeout=60_000)
    page.locator(".tile .picture img").first.wait_for()

    stop = threading.Event()
    others = [
        Other(server, f"person {number}", shared, label_ids, stop) for number in range(NUM_OTHERS)
    ]
    for other in others:
        other.start()
    try:
        memory = label_for(SOAK_SECONDS, server, browser, page, ledger)
    finally:
        stop.set()
        for other in others:
            other.join(60)
    expect(page.locator(".saved")).to_have_text("saved")
    ledger.collect(page)

    statuses = sum((other.statuses for other in others), Counter[str]())
    found = {
        "seconds": SOAK_SECONDS,
        "labels_in_the_browser": len(ledger.presses),
        "answers_to_others": dict(statuses),
        "connections_lost": sum(other.num_lost for other in others),
        "memory_mb": memory.report(),
        "load_average": round(os.getloadavg()[0], 1),
    }
    with capsys.disabled():
        sys.stdout.write(json.dumps(found, indent=2) + "\n")
    assert [problem for other in others for problem in other.problems] == []
    assert max(other.num_lost for other in others) <= 1 + SOAK_SECONDS / 60
    check_others(workspace, since, others)
    mine = ledger.wanted(before=None)
    assert {key: value for key, value in ledger.stored().items() if key not in set(shared)} == mine
    assert ledger.ignored == 0
    assert ledger.presses
    assert min(statuses[name] for name in ("applied", "already_applied", "conflict", "nothing")) > 0
    assert not any(word in server.log for word in ("Traceback", "Error", "error "))
    if IS_LONG:  # a pace says nothing of a quarter of a minute beside other tests
        assert len(ledger.presses) > SOAK_SECONDS * KEYS_PER_SECOND / 5
        assert statuses["applied"] > SOAK_SECONDS
        grown = {name: found["growth"] for name, found in memory.report().items()}
        assert max(grown.values()) < GROWTH_ALLOWED, grown


def label_for(
    seconds: float, server: ForgeServer, browser: Browser, page: Page, ledger: Ledger
) -> Memory:
    """Press class keys at an even pace, around and around; memory is looked at on the way."""
    memory, chosen = Memory(), random.Random(3)
    start = time.monotonic()
    pressed = 0
    while (now := time.monotonic() - start) < seconds:
        if now >= seconds * len(memory.server) / SAMPLES:
            memory.sample(server, browser, page)
            ledger.collect(page)
        page.keyboard.press(chosen.choice("123"))
        pressed += 1
        if pressed % NUM_MINE == 0:
            page.keyboard.press("Home")
        page.wait_for_timeout(
            max(0.0, 1000 * (start + now + 1 / KEYS_PER_SECOND - time.monotonic()))
        )
    return memory


def check_others(workspace: Workspace, since: int, others: Sequence[Other]) -> None:
    """The catalog has exactly the changes that these people were told of."""
    told = {operation: entry for other in others for operation, entry in other.told.items()}
    statement = (
        select(
            RevisionRow.operation_id,
            RevisionRow.revision_id,
            AssetChangeRow.asset_id,
            AssetChangeRow.after_label_id,
        )
        .join(AssetChangeRow, AssetChangeRow.revision_id == RevisionRow.revision_id)
        .where(RevisionRow.revision_id > since, RevisionRow.author.in_([o.author for o in others]))
    )
    with workspace.database.read() as uow:
        rows = uow.session.execute(statement).all()
    stored = {
        operation: (revision, str(asset), label) for operation, revision, asset, label in rows
    }
    assert len(rows) == len(stored)
    assert stored == told
