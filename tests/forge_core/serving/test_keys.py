"""API keys: who may do what, how often, and that no key is written anywhere."""

import logging
from collections.abc import Callable
from pathlib import Path

import pytest
from starlette.testclient import TestClient
from typer.testing import CliRunner

from forge_core.cli.main import app as commands
from forge_core.errors import InvalidInput
from forge_core.serving import http
from forge_core.serving.requests import keys
from forge_core.serving.requests.refusals import Refusal
from forge_core.serving.service import Service


def bearer(key: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {key}"}


def test_a_service_with_keys__asks_for_the_scope_of_each_route(
    open_service: Callable[..., Service],
    make_png: Callable[..., bytes],
    tmp_path: Path,
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.DEBUG)
    phone, phone_line = keys.make_key("phone", ["predict"])
    boss, boss_line = keys.make_key("boss", ["admin"])
    file = tmp_path / "keys"
    file.write_text(f"# of the shop\n{phone_line}\n\n{boss_line}  # every right\n")
    with TestClient(http.create_app(open_service(keys=str(file)))) as client:
        image = {"files": {"file": ("private.png", make_png("red"))}}
        assert client.get("/health").status_code == 200
        assert client.post("/predict", **image).status_code == 401
        assert client.post("/predict", **image, headers=bearer("vf_wrong")).status_code == 401
        assert client.post("/predict", **image, headers=bearer(phone)).status_code == 200
        assert client.post("/predict", **image, headers={"X-API-Key": phone}).status_code == 200
        assert client.get("/model", headers=bearer(phone)).status_code == 403
        assert client.post("/admin/reload", headers=bearer(phone)).status_code == 403
        for answer in (
            client.get("/metrics", headers=bearer(boss)),
            client.post("/admin/reload", headers=bearer(boss)),
        ):
            assert answer.status_code == 200
    lines = [record for record in caplog.records if hasattr(record, "facts")]
    assert [line.facts.get("key") for line in lines if line.facts["status"] == 200][1] == "phone"
    written = caplog.text + "".join(str(line.facts) for line in lines)
    for secret in (phone, boss, "vf_wrong", "private.png"):
        assert secret not in written


def test_without_keys__everybody_predicts_and_nobody_administers(client: TestClient) -> None:
    assert client.get("/model").status_code == 200
    assert client.post("/admin/reload").status_code == 403


def test_a_rate__lets_bursts_of_a_second_through_and_says_when_to_come_back() -> None:
    now = 100.0
    key, line = keys.make_key("phone", ["predict"], 2)
    ring = keys.KeyRing(keys.read_keys(line)._by_hash, clock=lambda: now)
    assert [ring.admit(key, "predict") for _ in range(2)] == ["phone", "phone"]
    with pytest.raises(Refusal) as refused:
        ring.admit(key, "predict")
    assert refused.value.status == 429
    assert refused.value.headers["Retry-After"] == "1"
    now += 0.5
    assert ring.admit(key, "predict") == "phone"


@pytest.mark.parametrize(
    "text",
    [
        "phone predict vf_a_key_itself",
        f"phone everything {'0' * 64}",
        f"phone predict {'0' * 64} never",
        f"phone predict {'0' * 64} 0",
        f"a predict {'0' * 64}\nb predict {'0' * 64}",
        "# nothing but a comment here",
    ],
)
def test_keys__that_cannot_be_used_are_refused_without_repeating_them(text: str) -> None:
    with pytest.raises(InvalidInput) as refused:
        keys.read_keys(text)
    assert "vf_a_key_itself" not in str(refused.value)


def test_keys__in_a_file_that_is_not_there_are_refused() -> None:
    with pytest.raises(InvalidInput, match="cannot be read"):
        keys.read_keys("absent/keys")


def test_serve_key__adds_the_hash_to_a_private_file_and_each_name_once(tmp_path: Path) -> None:
    file = tmp_path / "keys"
    made = [
        CliRunner().invoke(commands, ["serve-key", name, "--keys", str(file)])
        for name in ("phone", "till", "phone")
    ]
    assert [result.exit_code for result in made] == [0, 0, 1]
    key = made[0].stdout.strip()
    assert key.startswith("vf_")
    assert keys.read_keys(str(file)).admit(key, "predict") == "phone"
    assert key not in file.read_text()
    assert file.stat().st_mode & 0o077 == 0
    assert len(file.read_text().splitlines()) == 2
