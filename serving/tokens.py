"""OIDC bearer tokens: signed by the issuer, meant for us, in time; their scopes are ours."""

import hashlib
from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple

import jwt

from campaigns.keys import SCOPES, InvalidKeyError, Key
from serving.issuer_keys import ALGORITHMS, IssuerKeys

_LONGEST_SUBJECT = 255
_LONGEST = timedelta(days=1)
#: What is told of a token whose signature is the issuer's.
_TOLD = {
    jwt.ExpiredSignatureError: "the token has expired. Ask the issuer for another",
    jwt.ImmatureSignatureError: "the token is not valid yet. Compare the clocks",
    jwt.InvalidAudienceError: "the token is meant for another audience",
    jwt.InvalidIssuerError: "the token is of another issuer",
    jwt.MissingRequiredClaimError: "the token lacks a claim. It takes exp, iss, aud and sub",
}
#: What malformed text may raise on its way through the parser.
_MALFORMED = (jwt.PyJWTError, ValueError, TypeError, OverflowError, RecursionError)


class TokenRules(NamedTuple):
    """Which tokens are taken, and what they allow.

    Attributes
    ----------
    issuer, audience : str
        What `iss` has to be, and `aud` to name.
    scope_claim : str
        The claim that holds scopes: a text of words, or an array.
    scope_prefix : str
        What stands before our scopes there; others do not count.
    leeway : timedelta
        So far clocks may be apart.
    """

    issuer: str
    audience: str
    scope_claim: str = "scope"
    scope_prefix: str = ""
    leeway: timedelta = timedelta(seconds=60)


class Tokens:
    """Recognises tokens of one issuer."""

    def __init__(self, rules: TokenRules, keys: IssuerKeys) -> None:
        self._rules = rules
        self._keys = keys

    def recognise(self, text: str, *, at: datetime) -> Key:
        """Return what a token allows, as a key that ends with it.

        Raises
        ------
        InvalidKeyError
            If it is none of the issuer for us, or out of time.
        UnreachableIssuerError
            If the keys of the issuer cannot be read.
        """
        try:
            header = jwt.get_unverified_header(text)
        except _MALFORMED:
            raise InvalidKeyError(_UNKNOWN) from None
        identity = header.get("kid")
        if header.get("alg") not in ALGORITHMS or not isinstance(identity, str):
            raise InvalidKeyError(_UNKNOWN)
        key = self._keys.find(identity, at=at)
        if key is None:
            raise InvalidKeyError(_UNKNOWN)
        try:
            claims = jwt.decode(
                text,
                key,
                algorithms=ALGORITHMS,
                issuer=self._rules.issuer,
                audience=self._rules.audience,
                leeway=self._rules.leeway,
                options={
                    "require": ["exp", "iss", "aud", "sub"],
                    "enforce_minimum_key_length": True,
                },
            )
        except _MALFORMED as error:
            told = next((_TOLD[base] for base in type(error).__mro__ if base in _TOLD), None)
            raise InvalidKeyError(f"{told}." if told else _UNKNOWN) from None
        return self._allowed(claims, at)

    def _allowed(self, claims: dict[str, Any], at: datetime) -> Key:
        subject = claims["sub"]
        if not 0 < len(subject) <= _LONGEST_SUBJECT or not subject.isprintable():
            raise InvalidKeyError("the subject of the token is no name that could be recorded.")
        whose = f"{self._rules.issuer}\0{subject}".encode()
        latest = int((at + _LONGEST).timestamp())  # it is looked at again long before
        expires = datetime.fromtimestamp(min(int(claims["exp"]), latest), UTC)
        return Key(
            prefix=f"t{hashlib.sha256(whose).hexdigest()[:15]}",
            name=subject,
            scopes=self._scopes(claims.get(self._rules.scope_claim)),
            created_at=at,
            expires_at=expires + self._rules.leeway,
            subject=subject,
        )

    def _scopes(self, claim: Any) -> frozenset[str]:
        words = claim.split() if isinstance(claim, str) else claim
        named = [one for one in words if isinstance(one, str)] if isinstance(words, list) else []
        prefix = self._rules.scope_prefix
        ours = {one.removeprefix(prefix) for one in named if one.startswith(prefix)}
        return frozenset(ours & set(SCOPES))


_UNKNOWN = "the token is none of the issuer that is trusted here."
