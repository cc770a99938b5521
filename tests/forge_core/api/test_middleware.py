import pytest
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.responses import PlainTextResponse
from starlette.routing import Route, WebSocketRoute
from starlette.testclient import TestClient
from starlette.websockets import WebSocketDisconnect

from forge_core.api.middleware import HEADERS, AllowedHosts, SecurityHeaders


async def hello(request):
    return PlainTextResponse("hello", headers=dict(request.query_params))


async def echo(websocket):
    await websocket.accept()
    await websocket.send_text("hello")
    await websocket.close()


def make_client(allowed, host="localhost"):
    app = Starlette(
        routes=[Route("/", hello), WebSocketRoute("/ws", echo)],
        middleware=[Middleware(SecurityHeaders), Middleware(AllowedHosts, allowed=allowed)],
    )
    return TestClient(app, base_url=f"http://{host}")


def test_every_answer__carries_the_security_headers():
    answer = make_client("localhost").get("/")
    for name, value in HEADERS.items():
        assert answer.headers[name] == value


def test_a_route__may_set_a_stricter_policy_itself():
    answer = make_client("localhost").get("/?Content-Security-Policy=sandbox")
    assert answer.headers.get_list("content-security-policy") == ["sandbox"]


def test_no_text_is_ever_evaluated_and_nobody_else_frames_us():
    policy = HEADERS["Content-Security-Policy"]
    assert "'unsafe-eval'" not in policy.replace("'wasm-unsafe-eval'", "")
    assert "frame-ancestors 'self'" in policy
    assert "http" not in policy


@pytest.mark.parametrize(
    ("allowed", "host"),
    [
        ("localhost", "localhost"),
        ("localhost", "LOCALHOST:8501"),
        ("a.test, b.test", "b.test:80"),
        ("[::1]", "[::1]:8501"),
        ("*.forge.test", "lab.forge.test"),
        ("*", "anything.example"),
    ],
)
def test_a_listed_host__is_answered(allowed, host):
    assert make_client(allowed).get("/", headers={"Host": host}).status_code == 200


@pytest.mark.parametrize(
    ("allowed", "host"),
    [
        ("localhost", "evil.example"),
        ("localhost", "localhost.evil.example"),
        ("localhost", ""),
        ("*.forge.test", "forge.test.evil.example"),
        ("*.forge.test", ".forge.test"),
        ("", "localhost"),
        ("[::1]", "[::2]"),
    ],
)
def test_another_host__is_refused(allowed, host):
    answer = make_client(allowed).get("/", headers={"Host": host})
    assert answer.status_code == 400
    assert "FORGE_ALLOWED_HOSTS" in answer.text


def test_a_web_socket__is_refused_by_its_host_as_well():
    client = make_client("localhost")
    with client.websocket_connect("/ws", headers={"Host": "localhost"}) as socket:
        assert socket.receive_text() == "hello"
    with (
        pytest.raises(WebSocketDisconnect),
        client.websocket_connect("/ws", headers={"Host": "evil.example"}),
    ):
        pass
