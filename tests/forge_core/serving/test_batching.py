"""Many requests at once: batched, bounded, dropped when nobody waits, swapped and shadowed."""

import asyncio
import json
import threading
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import asdict
from pathlib import Path
from typing import Any

import httpx2 as httpx
import pytest

from forge_core.errors import CheckpointRejected, ImageRejected
from forge_core.imaging.decode import DecodeLimits
from forge_core.inference.prediction import ClassProbability, Prediction
from forge_core.models.checkpoints.golden_report import GoldenReport
from forge_core.serving import http
from forge_core.serving.engines import ServedModel
from forge_core.serving.options import ServiceOptions
from forge_core.serving.service import Service
from forge_core.serving.traffic import parts, rows
from forge_core.serving.traffic.rows import LoggedAnswer


class NamedEngine:
    """Ten lines of a network: every image is of the class that bears its own name."""

    def __init__(self, name: str) -> None:
        card = {"class_names": [name, "other"], "architecture": "none", "revision_id": 7}
        proof = GoldenReport(0.0, argmax_equal=True, passed=True)
        self.served = ServedModel(
            file_name=name, sha256=name * 64, card=card, golden=proof, versions={}
        )
        self.batches: list[int] = []
        self.may_answer = threading.Event()
        self.may_answer.set()

    def prepare(self, data: bytes, limits: DecodeLimits) -> str | ImageRejected:
        return self.served.file_name

    def answer(self, prepared: Sequence[Any], top_k: int) -> list[Prediction]:
        self.may_answer.wait(20)
        assert set(prepared) == {self.served.file_name}, "prepared by another engine"
        self.batches.append(len(prepared))
        return [Prediction([ClassProbability(name, 1.0)], 1.0, 1, 1) for name in prepared]

    def replay(self) -> GoldenReport:
        return self.served.golden


@asynccontextmanager
async def running(service: Service) -> AsyncIterator[httpx.AsyncClient]:
    transport = httpx.ASGITransport(http.create_app(service))
    opened = httpx.AsyncClient(transport=transport, base_url="http://testserver")
    async with service.running(), opened as client:
        yield client


def ask(client: httpx.AsyncClient) -> Any:
    return client.post("/predict", content=b"x", headers={"content-type": "image/png"})


async def until(is_so: Callable[[], bool]) -> None:
    async with asyncio.timeout(10):
        while not is_so():
            await asyncio.sleep(0.001)


def service_of(engine: NamedEngine, **options: Any) -> Service:
    return Service(lambda: Path(__file__), lambda _: engine, ServiceOptions(**options))


def test_what_comes_while_the_network_computes__goes_together() -> None:
    async def scene() -> None:
        engine = NamedEngine("a")
        engine.may_answer.clear()
        service = service_of(engine, batch_size=8)
        async with running(service) as client:
            first = asyncio.create_task(ask(client))
            await until(lambda: service.batcher.num_images == 1)
            others = [asyncio.create_task(ask(client)) for _ in range(11)]
            await until(lambda: service.batcher.num_images == 12)
            engine.may_answer.set()
            answers = await asyncio.gather(first, *others)
        assert [answer.status_code for answer in answers] == [200] * 12
        assert sum(engine.batches) == 12
        assert max(engine.batches) <= 8
        assert len(engine.batches) < 8

    asyncio.run(scene())


def test_more_than_may_wait__is_told_to_come_back_and_the_rest_is_answered() -> None:
    async def scene() -> None:
        engine = NamedEngine("a")
        engine.may_answer.clear()
        service = service_of(engine, waiting_images=4, files=2)
        async with running(service) as client:
            waiting = [asyncio.create_task(ask(client)) for _ in range(4)]
            await until(lambda: service.batcher.num_images == 4)
            refused = await ask(client)
            assert refused.status_code == 503
            assert int(refused.headers["retry-after"]) >= 1
            assert "4 images wait" in refused.json()["error"]["found"]
            engine.may_answer.set()
            assert [(await answer).status_code for answer in waiting] == [200] * 4
            assert (await ask(client)).status_code == 200

    asyncio.run(scene())


def test_a_client_that_left__is_not_computed_and_frees_its_place() -> None:
    async def scene() -> None:
        engine = NamedEngine("a")
        engine.may_answer.clear()
        service = service_of(engine)
        app = http.create_app(service)
        scope = {"type": "http", "method": "POST", "path": "/predict", "query_string": b""}
        scope |= {"headers": [(b"content-type", b"image/png")], "scheme": "http"}
        leave = asyncio.Event()
        messages = iter([{"type": "http.request", "body": b"x", "more_body": False}])

        async def receive() -> Any:
            for message in messages:
                return message
            await leave.wait()
            return {"type": "http.disconnect"}

        sent: list[Any] = []

        async def send(message: Any) -> None:
            sent.append(message)

        async with service.running():
            busy = asyncio.create_task(service.batcher.predict(engine, [b"first"]))
            await until(lambda: service.batcher.num_images == 1)
            left = asyncio.create_task(app(scope, receive, send))  # type: ignore[arg-type]
            await until(lambda: service.batcher.num_images == 2)
            leave.set()
            await left
            assert service.batcher.num_images == 1
            engine.may_answer.set()
            await busy
        assert sent == []
        assert engine.batches == [1]
        assert b'route="/predict",status="499"' in service.metrics.text()

    asyncio.run(scene())


def test_very_large_images__are_passed_by_small_ones(make_png: Callable[..., bytes]) -> None:
    large, small = make_png("red", (50, 50)), make_png("red", (5, 5))
    may_decode = threading.Event()
    decoding: list[int] = []

    class Slow(NamedEngine):
        def prepare(self, data: bytes, limits: DecodeLimits) -> str | ImageRejected:
            if data == large:
                decoding.append(1)
                assert len(decoding) == 1, "two very large ones at a time"
                may_decode.wait(20)
                decoding.pop()
            return super().prepare(data, limits)

    async def scene() -> None:
        engine = Slow("a")
        service = service_of(engine, large_pixels=2_000, decode_threads=1)
        async with service.running():
            waiting = [
                asyncio.create_task(service.batcher.predict(engine, [large])) for _ in range(3)
            ]
            await until(lambda: len(decoding) == 1)
            async with asyncio.timeout(5):
                assert len(await service.batcher.predict(engine, [small] * 4)) == 4
            assert not any(task.done() for task in waiting)
            may_decode.set()
            await asyncio.gather(*waiting)

    asyncio.run(scene())


def test_a_request_that_takes_too_long__is_told_so() -> None:
    async def scene() -> None:
        engine = NamedEngine("a")
        engine.may_answer.clear()
        service = service_of(engine, answer_seconds=0.05)
        async with running(service) as client:
            answer = await ask(client)
            assert answer.status_code == 503
            assert "more than 0.05 seconds" in answer.json()["error"]["found"]
            assert service.batcher.num_images == 0
            engine.may_answer.set()

    asyncio.run(scene())


def test_a_swap__drops_none_of_hundreds_of_requests(tmp_path: Path) -> None:
    """Each answer names the checkpoint that computed it, whichever that was."""

    async def scene() -> None:
        path = tmp_path / "current"
        path.write_text("a")
        made: list[NamedEngine] = []

        def load(at: Path) -> NamedEngine:
            made.append(NamedEngine(at.read_text()))
            return made[-1]

        service = Service(lambda: path, load, ServiceOptions(waiting_images=512))
        answers: list[httpx.Response] = []
        async with running(service) as client:

            async def keep_asking() -> None:
                for _ in range(20):
                    answers.append(await ask(client))

            asking = [asyncio.create_task(keep_asking()) for _ in range(16)]
            for number, name in enumerate(["bb", "c", "dd"], start=1):
                await until(lambda number=number: len(answers) > 70 * number)  # type: ignore[misc]
                path.write_text(name)
                assert await service.model.look_again()
            await asyncio.gather(*asking)
        assert [answer.status_code for answer in answers] == [200] * 320
        names = [
            answer.json()["predictions"][0]["probabilities"][0]["label_name"] for answer in answers
        ]
        assert [answer.json()["checkpoint_sha256"] for answer in answers] == [n * 64 for n in names]
        assert {"a", "dd"} <= set(names)
        assert len(made) == 4

    asyncio.run(scene())


def test_a_checkpoint_that_cannot_be_used__leaves_the_old_one_answering(tmp_path: Path) -> None:
    async def scene() -> None:
        path = tmp_path / "current"
        path.write_text("a")

        def load(at: Path) -> NamedEngine:
            if at.read_text() != "a":
                raise CheckpointRejected("It is damaged.")
            return NamedEngine("a")

        service = Service(lambda: path, load, ServiceOptions())
        async with running(service) as client:
            assert not await service.model.look_again()
            path.write_text("damaged")
            with pytest.raises(CheckpointRejected):
                await service.model.look_again()
            assert (await ask(client)).json()["checkpoint_sha256"] == "a" * 64
            assert (
                'forge_model_swaps_total{result="refused"} 1.0'
                in (await client.get("/metrics")).text
            )

    asyncio.run(scene())


def test_a_shadow__answers_nobody_and_its_disagreements_are_kept(tmp_path: Path) -> None:
    async def scene() -> None:
        log = tmp_path / "disagreements.jsonl"
        options = ServiceOptions(
            shadow_log=str(log),
            shadow_log_rows=4,
            traffic_log=str(tmp_path / "traffic"),
            traffic_log_pictures="disagreements",
        )
        service = Service(
            lambda: Path(__file__), lambda _: NamedEngine("a"), options, NamedEngine("b")
        )
        async with running(service) as client:
            answers = [await ask(client) for _ in range(6)]
            assert {each.json()["checkpoint_sha256"] for each in answers} == {"a" * 64}
            assert service.shadow is not None
            await until(lambda: len(service.shadow.disagreements) == 6)  # type: ignore[union-attr]
            shown = (await client.get("/shadow")).json()["disagreements"]
            await asyncio.sleep(0.01)
            counted = (await client.get("/metrics")).text
        assert 'forge_shadow_images_total{result="disagrees"} 6.0' in counted
        assert shown[-1]["request_id"] == answers[-1].headers["x-request-id"]
        assert (shown[-1]["answered"]["label_name"], shown[-1]["shadow"]["label_name"]) == (
            "a",
            "b",
        )
        written = [json.loads(line) for line in log.read_text().splitlines()]
        assert written == shown[-3:]  # the fifth made it too long: the older half went
        (part,) = parts.list_parts(tmp_path / "traffic")
        beside = parts.disagreements_of(part).read_bytes().splitlines()
        assert [asdict(rows.read_disagreement(line)) for line in beside] == shown
        kept = [path.name for path in parts.pictures_of(part).iterdir()]
        assert kept == [shown[0]["image_sha256"]]  # each time the same picture
        answered = [rows.read_line(line) for line in part.read_bytes().splitlines()[1:]]
        assert not any(line.has_picture for line in answered if isinstance(line, LoggedAnswer))

    asyncio.run(scene())
