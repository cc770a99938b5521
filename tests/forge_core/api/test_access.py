"""Who may ask: every route, without a token, with a foreign one, with the cookie only."""

import psycopg
import pytest
from sqlalchemy.exc import OperationalError

from forge_core.api import addresses, endpoints, tokens
from forge_core.api.routes import routes
from forge_core.api.session import COOKIE_SECONDS
from forge_core.database_health import DatabaseAway
from forge_core.errors import StorageUnavailable
from forge_core.people.actor import Actor
from forge_core.workspace import describe_refusal


@pytest.fixture
def workspace(sqlite_workspace):
    """On SQLite alone: who may ask is decided before any database is."""
    return sqlite_workspace


SOME_ID = "00000000-0000-7000-8000-000000000000"


def list_addresses(workspace):
    return [
        (
            method,
            route.path.format(
                asset_id=SOME_ID,
                content_hash="a" * 64,
                run_id=1,
                name="gallery",
                upload_id="b" * 32,
            ),
        )
        for route in routes(lambda: workspace)[0].routes
        for method in sorted(route.methods - {"HEAD"})
    ]


def test_every_route__refuses_without_a_token(workspace, stranger):
    for method, address in list_addresses(workspace):
        answer = stranger.request(method, address, json={} if method == "POST" else None)
        assert answer.status_code == 401, address
        assert answer.json()["next_step"] == "Reload the page."


def test_every_route__refuses_a_token_of_another_workspace(workspace, stranger):
    secret = workspace.secret(endpoints.SECRET)
    for token in (
        tokens.mint(b"x" * 32, workspace.id, Actor("anna")),
        tokens.mint(secret, "another", Actor("anna")),
    ):
        stranger.headers[endpoints.TOKEN_HEADER] = token
        for method, address in list_addresses(workspace):
            assert stranger.request(method, address).status_code == 401, address


def test_every_route__under_the_id_of_another_workspace_says_so(workspace, browser):
    """Also to a browser whose token is good here: it asks about images that are not these."""
    browser.base_url = f"http://testserver{addresses.root('4f1c')}"
    for method, address in list_addresses(workspace):
        answer = browser.request(method, address, json={} if method == "POST" else None)
        assert answer.status_code == 404, address
        assert answer.json() == {
            "message": "This page is of the workspace '4f1c'; the server has "
            f"'{workspace.id}' now.",
            "next_step": "Reload the page.",
            "workspace": workspace.id,
        }


def test_every_route__under_no_id_says_so_in_a_way_that_no_page_takes_for_a_refusal(
    workspace, browser
):
    """A page of an older version keeps what it wants to save until it is loaded anew."""
    browser.base_url = f"http://testserver{addresses.API}"
    for method, address in list_addresses(workspace):
        answer = browser.request(method, address, json={} if method == "POST" else None)
        assert answer.status_code == 404, address
        assert answer.headers["content-type"].startswith("text/plain")
        assert answer.text == "This address names no workspace. Reload the page."


def test_session__gives_a_cookie_that_reads_and_does_not_write(workspace, browser):
    answer = browser.post("/session", json={})
    cookie = answer.headers["set-cookie"].lower()
    assert answer.json() == {"author": "anna"}
    root = addresses.root(workspace.id)
    for part in ("httponly", "samesite=strict", f"path={root}", f"max-age={COOKIE_SECONDS}"):
        assert part in cookie
    del browser.headers[endpoints.TOKEN_HEADER]
    assert browser.get("/assets").status_code == 200
    assert browser.post("/operations", json={"operations": []}).status_code == 401


def test_session__the_cookie_is_no_token(workspace, browser):
    browser.post("/session", json={})
    browser.headers[endpoints.TOKEN_HEADER] = browser.cookies[endpoints.COOKIE]
    assert browser.post("/classes", json={"name": "owl"}).status_code == 401


@pytest.mark.parametrize("body", [b"", b"[]", b"{", b"\xff", b'"x"', b"[" * 100_000])
def test_a_body_that_is_no_json_object__is_refused(browser, body):
    answer = browser.post("/operations", content=body)
    assert answer.status_code == 400
    assert answer.json()["message"].startswith("The request is not")


def test_a_body_over_two_mebibytes__is_refused_while_it_streams(browser):
    def stream():
        for _ in range(40):
            yield b" " * 65536

    answer = browser.post("/operations", content=stream())
    assert answer.status_code == 413


def test_a_fault_of_the_server__is_told_by_an_id_only(workspace, browser, caplog):
    with workspace.database.engine.begin() as connection:
        connection.exec_driver_sql("ALTER TABLE asset_counts RENAME TO gone")
    answer = browser.get("/assets/count")
    assert answer.status_code == 500
    error_id = caplog.records[-1].getMessage().split()[1]
    assert error_id in answer.json()["next_step"]
    assert "asset_counts" not in answer.text


@pytest.mark.parametrize(
    "error",
    [
        OperationalError("SELECT 1", {}, psycopg.errors.AdminShutdown("terminating connection")),
        OperationalError("SELECT 1", {}, psycopg.OperationalError("connection refused")),
        describe_refusal(OperationalError("SELECT 1", {}, Exception("database is locked"))),
        DatabaseAway("The database does not answer.", next_step="Start its server."),
        StorageUnavailable("The bucket does not answer."),
    ],
    ids=["shut down", "refused", "locked", "away at opening", "bucket"],
)
def test_what_passes_by_itself__is_a_503_that_says_when_to_ask_again(
    workspace, browser, monkeypatch, error
):
    def fail(*_, **__):
        raise error

    monkeypatch.setattr(type(workspace.database), "read", fail)
    answer = browser.get("/assets/count")
    assert answer.status_code == 503
    assert int(answer.headers["Retry-After"]) == endpoints.RETRY_SECONDS
    assert answer.json()["message"]
    assert "error_id" not in answer.json()
    assert "SELECT" not in answer.text
