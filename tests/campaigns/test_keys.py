"""Keys: shown once, stored as a hash, refused when unknown, expired or revoked."""

from datetime import timedelta

import pytest
from scored import NOON
from sqlalchemy import select
from sqlalchemy.orm import Session

from campaigns.keys import (
    SCOPES,
    InvalidKeyError,
    UnknownKeyError,
    UnknownScopeError,
    create_key,
    list_keys,
    recognise_key,
    revoke_key,
)
from campaigns.state.tables import ApiKey

DAY = timedelta(days=1)


def made(state, *scopes, valid_for=DAY):
    chosen = frozenset(scopes or ("lists:read",))
    return create_key(state, name="shop", scopes=chosen, valid_for=valid_for, at=NOON)


def test_a_key_is_recognised_by_its_text(state):
    text, key = made(state, "lists:read", "lists:write")
    assert recognise_key(state, text, at=NOON) == key
    assert key.scopes == {"lists:read", "lists:write"}


def test_the_database_does_not_hold_the_secret(state):
    secret = made(state).text.rpartition("_")[2]
    with Session(state) as session:
        row = session.scalars(select(ApiKey)).one()
    assert secret not in " ".join(str(value) for value in vars(row).values())


@pytest.mark.parametrize(
    "forged",
    [
        "",
        "sl",
        "sl__",
        "{prefix}",
        "sl_{prefix}_",
        "sl_{prefix}_{wrong}",
        "xx_{prefix}_{secret}",
        "sl_{prefix}_{secret}0",
        "{prefix}_{secret}",
    ],
)
def test_only_the_whole_text_opens(state, forged):
    _, prefix, secret = made(state).text.split("_")
    text = forged.format(prefix=prefix, secret=secret, wrong=secret[::-1])
    with pytest.raises(InvalidKeyError, match="not known"):
        recognise_key(state, text, at=NOON)


def test_a_key_is_refused_from_the_moment_it_expires(state):
    text, key = made(state)
    assert recognise_key(state, text, at=key.expires_at - timedelta(microseconds=1)) == key
    with pytest.raises(InvalidKeyError, match="expired on 2026-03-02"):
        recognise_key(state, text, at=key.expires_at)


def test_a_revoked_key_is_refused_at_once(state):
    text, key = made(state)
    revoke_key(state, key.prefix, at=NOON)
    with pytest.raises(InvalidKeyError, match="revoked on 2026-03-01"):
        recognise_key(state, text, at=NOON)


def test_revoking_again_keeps_the_first_time(state):
    _, key = made(state)
    first = revoke_key(state, key.prefix, at=NOON)
    assert revoke_key(state, key.prefix, at=NOON + DAY) == first


def test_a_stranger_does_not_learn_that_a_key_is_revoked(state):
    _, key = made(state)
    revoke_key(state, key.prefix, at=NOON)
    with pytest.raises(InvalidKeyError, match="not known"):
        recognise_key(state, f"sl_{key.prefix}_{'0' * 64}", at=NOON)


def test_a_key_that_does_not_exist_cannot_be_revoked(state):
    with pytest.raises(UnknownKeyError, match="shortlist keys list"):
        revoke_key(state, "00000000", at=NOON)


@pytest.mark.parametrize("scopes", [{"lists:delete"}, set()], ids=["unknown", "none"])
def test_a_scope_that_does_not_exist_is_answered_with_those_that_do(state, scopes):
    with pytest.raises(UnknownScopeError, match=f"Scopes: {', '.join(SCOPES)}"):
        create_key(state, name="shop", scopes=frozenset(scopes), valid_for=DAY, at=NOON)


def test_a_scope_allows_itself_only_and_admin_everything(state):
    reader, admin = made(state, "lists:read").key, made(state, "admin").key
    assert [scope for scope in SCOPES if reader.allows(scope)] == ["lists:read"]
    assert all(admin.allows(scope) for scope in SCOPES)


def test_keys_are_listed_with_their_end(state):
    first, second = made(state).key, made(state).key
    revoke_key(state, first.prefix, at=NOON)
    assert {key.prefix: bool(key.revoked_at) for key in list_keys(state)} == {
        first.prefix: True,
        second.prefix: False,
    }
