import base64
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from forge_core.api import tokens
from forge_core.people.actor import Actor

SECRET = b"0" * 32
ID = "4f1c"


def test_check__gives_the_actor_of_a_fresh_token():
    token = tokens.mint(SECRET, ID, Actor("Åsa O'Neill"))
    assert tokens.check(SECRET, ID, token) == Actor("Åsa O'Neill")


def test_check__refuses_an_expired_token():
    token = tokens.mint(SECRET, ID, Actor("anna"), lifetime_seconds=0)
    assert tokens.check(SECRET, ID, token) is None


def test_check__refuses_a_token_of_another_secret():
    assert tokens.check(b"1" * 32, ID, tokens.mint(SECRET, ID, Actor("anna"))) is None


def test_check__refuses_a_token_of_another_workspace():
    """Also where both have one secret, as replicas may that an operator gave it."""
    for purpose in (tokens.READ, tokens.WRITE):
        token = tokens.mint(SECRET, "77aa", Actor("anna"), purpose=purpose)
        assert tokens.check(SECRET, ID, token, purpose=purpose) is None


def test_check__a_read_token_does_not_write():
    token = tokens.mint(SECRET, ID, Actor("anna"), purpose=tokens.READ)
    assert tokens.check(SECRET, ID, token, purpose=tokens.READ) == Actor("anna")
    assert tokens.check(SECRET, ID, token) is None


def test_check__a_write_token_reads():
    token = tokens.mint(SECRET, ID, Actor("anna"))
    assert tokens.check(SECRET, ID, token, purpose=tokens.READ) == Actor("anna")


def test_check__refuses_a_payload_that_was_changed():
    payload, signature = tokens.mint(SECRET, ID, Actor("anna")).split(".")
    claims = json.loads(base64.urlsafe_b64decode(payload + "=="))
    claims["author"] = "boss"
    forged = base64.urlsafe_b64encode(json.dumps(claims).encode()).rstrip(b"=").decode()
    assert tokens.check(SECRET, ID, f"{forged}.{signature}") is None


@pytest.mark.parametrize("token", ["", ".", "a.b", "a.b.c", "ü.ü", "x" * 5000, "\0.\0"])
def test_check__refuses_what_is_no_token(token):
    assert tokens.check(SECRET, ID, token) is None


@given(st.text(max_size=200))
def test_check__never_raises(token):
    assert tokens.check(SECRET, ID, token) is None
