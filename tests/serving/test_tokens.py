"""OIDC bearer tokens: of the trusted issuer, for us, in time, and nothing else."""

import hmac
import time
from datetime import UTC, datetime, timedelta

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from issuer import AUDIENCE, ISSUER, encoded, issuing
from scored import go_live, many
from service import running

from campaigns.keys import InvalidKeyError
from serving.issuer_keys import EVERY, KEPT_FOR, IssuerKeys, UnreachableIssuerError
from serving.settings import InvalidSettingsError, read_settings
from serving.tokens import TokenRules, Tokens

NOW = datetime.now(UTC)


@pytest.fixture(scope="module")
def issuer():
    with issuing() as made:
        made.add_ec("second")
        made.add_rsa("encrypts", use="enc")
        made.add_rsa("short", bits=1024)
        yield made


@pytest.fixture(scope="module")
def service(issuer, tmp_path_factory):
    artifacts = tmp_path_factory.mktemp("artifacts")
    go_live(artifacts, many(50))
    settings = {
        "oidc_issuer": ISSUER,
        "oidc_audience": AUDIENCE,
        "oidc_jwks_url": issuer.url,
        "oidc_leeway_s": 60,
    }
    with running(artifacts, **settings) as started:
        yield started


def ask(service, token, path="/v1/lists"):
    return service.client.get(path, headers={"Authorization": f"Bearer {token}"})


@pytest.mark.parametrize("kid", ["first", "second"])
def test_a_token_of_the_issuer_opens_what_its_scopes_name(service, issuer, kid):
    assert ask(service, issuer.token(kid)).status_code == 200
    refused = ask(service, issuer.token(kid, scope="lists:write openid"))
    assert (refused.status_code, "lists:read" in refused.text) == (403, True)


@pytest.mark.parametrize("claim", ["lists:read", "openid lists:read", ["openid", "lists:read"]])
def test_scopes_are_words_or_an_array(service, issuer, claim):
    assert ask(service, issuer.token(scope=claim)).status_code == 200


@pytest.mark.parametrize("claim", [None, "", "Lists:Read", 7, {"lists:read": True}, ["admins"]])
def test_a_token_without_a_scope_of_ours_is_allowed_nothing(service, issuer, claim):
    assert ask(service, issuer.token(scope=claim)).status_code == 403


def test_who_holds_a_token_is_named_in_the_audit(service, issuer):
    granted = "lists:read lists:write"
    spec = {"model": "customer_activity", "size": 5}
    headers = {"Authorization": f"Bearer {issuer.token(scope=granted, sub='ann@shop')}"}
    path = service.client.post("/v1/lists", json=spec, headers=headers).headers["Location"]
    assert service.client.get(f"{path}/members", headers=headers).status_code == 200
    with service.with_key("admin") as admin:
        (event,) = admin.get("/v1/audit", params={"who": "ann@shop"}).json()["events"]
    assert (event["rows"], event["pseudonymous"]) == (5, True)


def forged(issuer):
    """Tokens that somebody else made, or changed, by what is wrong with them."""
    good = issuer.token()
    header, body, signature = good.split(".")
    stranger = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    public = issuer.keys["first"][0].public_key()
    pem = public.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    # PyJWT refuses to sign with a public key, so this one is put together by hand.
    symmetric = b'{"alg": "HS256", "kid": "first"}'
    confused = f"{encoded(symmetric)}.{body}"
    unsigned = encoded(b'{"alg": "none", "kid": "first"}')
    return {
        "unsigned": f"{unsigned}.{body}.",
        "unsigned, with a signature": f"{unsigned}.{body}.{signature}",
        "public key as a secret": (
            f"{confused}.{encoded(hmac.digest(pem, confused.encode(), 'sha256'))}"
        ),
        "key of a stranger": issuer.token(key=stranger, algorithm="RS256"),
        "other hash": issuer.token(algorithm="RS512"),
        "padding that is not ours": issuer.token(algorithm="PS256"),
        "EC said of an RSA key": issuer.signed({"alg": "ES256", "kid": "first"}),
        "key that encrypts": issuer.token("encrypts"),
        "no key named": issuer.signed({"alg": "RS256"}),
        "key that is a number": issuer.signed({"alg": "RS256", "kid": 7}),
        "changed body": f"{header}.{issuer.token(scope='admin').split('.')[1]}.{signature}",
        "no signature": f"{header}.{body}.",
        "no base64": "a.b.c",
        "nothing at all": "..",
        "header too deep": f"{encoded(b'[' * 20_000)}.{body}.{signature}",
        "critical extension": issuer.signed({"alg": "RS256", "kid": "first", "crit": ["x"]}),
        "other audience": issuer.token(aud="other"),
        "no audience": issuer.token(aud=None),
        "other issuer": issuer.token(iss="https://other.example"),
        "no issuer": issuer.token(iss=None),
        "no subject": issuer.token(sub=None),
        "subject too long": issuer.token(sub="a" * 256),
        "subject with a line end": issuer.token(sub="a\nb"),
        "no end": issuer.token(exp=None),
        "end beyond numbers": issuer.token(exp=float("inf")),
    }


FORGERIES = [
    "unsigned", "unsigned, with a signature", "public key as a secret", "key of a stranger",
    "other hash", "padding that is not ours", "EC said of an RSA key", "key that encrypts",
    "no key named", "key that is a number", "changed body", "no signature", "no base64",
    "nothing at all", "header too deep", "critical extension", "other audience", "no audience",
    "other issuer", "no issuer", "no subject", "subject too long", "subject with a line end",
    "no end", "end beyond numbers",
]  # fmt: skip


@pytest.fixture(scope="module")
def forgeries(issuer):
    made = forged(issuer)
    assert set(made) == set(FORGERIES)
    return made


@pytest.mark.parametrize("what", FORGERIES)
def test_a_forgery_is_refused(service, forgeries, what):
    answer = ask(service, forgeries[what])
    assert answer.status_code == 401, what
    assert answer.json()["type"] == "urn:shortlist:problem:invalid-key"


def test_a_short_key_signs_nothing(service, issuer):
    with pytest.warns(jwt.InsecureKeyLengthWarning):
        weak = issuer.token("short")
    assert ask(service, weak).status_code == 401


@pytest.mark.parametrize(
    ("claims", "status"),
    [
        ({"exp": -10}, 200),
        ({"exp": -600}, 401),
        ({"nbf": 10}, 200),
        ({"nbf": 600}, 401),
        ({"iat": 10}, 200),
        ({"iat": 600}, 401),
    ],
)
def test_clocks_may_be_apart_by_the_leeway_and_no_more(service, issuer, claims, status):
    now = int(time.time())
    apart = {name: now + seconds for name, seconds in claims.items()}
    assert ask(service, issuer.token(**apart)).status_code == status


def test_keys_and_tokens_are_taken_side_by_side(service, issuer):
    assert ask(service, service.key("lists:read")).status_code == 200
    assert ask(service, issuer.token()).status_code == 200


def test_without_an_issuer_no_token_is_taken(issuer, tmp_path):
    go_live(tmp_path, many(5))
    with running(tmp_path) as service:
        assert ask(service, issuer.token()).status_code == 401


def test_an_issuer_that_is_away_from_the_start_is_503_with_when_to_come_back(issuer, tmp_path):
    go_live(tmp_path, many(5))
    settings = {
        "oidc_issuer": ISSUER,
        "oidc_audience": AUDIENCE,
        "oidc_jwks_url": "http://127.0.0.1:1/keys",
    }
    with running(tmp_path, **settings) as service:
        answer = ask(service, issuer.token())
        assert (answer.status_code, answer.headers["Retry-After"]) == (503, "60")
        assert answer.json()["type"] == "urn:shortlist:problem:issuer-away"
        assert ask(service, service.key("lists:read")).status_code == 200


def tokens(issuer):
    return Tokens(TokenRules(ISSUER, AUDIENCE), IssuerKeys(issuer.url))


def test_a_key_that_is_not_known_is_asked_for_once_a_minute():
    with issuing() as issuer:
        own = tokens(issuer)
        own.recognise(issuer.token(), at=NOW)
        issuer.add_rsa("next")
        assert issuer.asked == 1
        for second in range(1, 60, 10):
            with pytest.raises(InvalidKeyError):
                own.recognise(issuer.token("next"), at=NOW + timedelta(seconds=second))
        assert issuer.asked == 1
        found = own.recognise(issuer.token("next"), at=NOW + EVERY)
        assert (found.subject, issuer.asked) == ("crm", 2)


def test_a_key_that_the_issuer_withdraws_is_refused_within_ten_minutes():
    with issuing() as issuer:
        own = tokens(issuer)
        own.recognise(issuer.token(), at=NOW)
        issuer.published.clear()
        issuer.add_rsa("next")
        with pytest.raises(InvalidKeyError):
            own.recognise(issuer.token(), at=NOW + timedelta(minutes=10))


def test_an_issuer_that_breaks_is_done_without_for_an_hour():
    with issuing() as issuer:
        own = tokens(issuer)
        own.recognise(issuer.token(), at=NOW)
        issuer.broken = True
        own.recognise(issuer.token(), at=NOW + timedelta(minutes=30))
        with pytest.raises(UnreachableIssuerError):
            own.recognise(issuer.token(), at=NOW + KEPT_FOR)
        asked = issuer.asked
        with pytest.raises(UnreachableIssuerError):
            own.recognise(issuer.token(), at=NOW + KEPT_FOR + timedelta(seconds=59))
        assert issuer.asked == asked
        issuer.broken = False
        own.recognise(issuer.token(), at=NOW + KEPT_FOR + EVERY)


def test_scopes_may_stand_behind_a_prefix():
    with issuing() as issuer:
        rules = TokenRules(ISSUER, AUDIENCE, scope_claim="roles", scope_prefix="shortlist.")
        own = Tokens(rules, IssuerKeys(issuer.url))
        text = issuer.token(roles=["shortlist.lists:read", "lists:write"], scope="admin")
        assert own.recognise(text, at=NOW).scopes == {"lists:read"}


@pytest.mark.parametrize(
    ("variables", "told"),
    [
        ({"OIDC_ISSUER": ISSUER}, "together"),
        (
            {
                "OIDC_ISSUER": ISSUER,
                "OIDC_AUDIENCE": AUDIENCE,
                "OIDC_JWKS_URL": "http://issuer.example/keys",
            },
            "https://",
        ),
        ({"OIDC_LEEWAY_S": "3600"}, "SHORTLIST_OIDC_LEEWAY_S"),
    ],
)
def test_an_issuer_that_is_half_named_is_refused_at_the_start(
    monkeypatch, tmp_path, variables, told
):
    for name, value in variables.items():
        monkeypatch.setenv(f"SHORTLIST_{name}", value)
    with pytest.raises(InvalidSettingsError, match=told):
        read_settings(tmp_path)
