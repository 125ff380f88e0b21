"""Sign-in by an identity provider (OpenID Connect): code flow with PKCE, nonce and state.

Of its token only the pair (issuer, subject) is used: who may do what is decided here, never there.
"""

import base64
import hmac
import json
import secrets
import stat
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlencode, urlsplit

from cryptography.exceptions import InvalidTag

from records.errors import CannotServe
from records.settings import Settings
from records.text import Text
from records.vault_key import VaultKey
from serving.outbound import LIMIT_SECONDS, NotAnswered, Outbound

FLIGHT_LIFE = timedelta(minutes=10)
# Signatures by a key that only the provider holds; "none" and shared secrets are not among them.
_ALGORITHMS = ("RS256", "PS256", "ES256")
_LEEWAY_SECONDS = 60
_LONGEST_SUBJECT = 255
_RANDOM_BYTES = 32


class ProviderAway(Exception):
    """The identity provider does not answer, or not in time."""


class ProviderRefused(Exception):
    """The identity provider, or its token, cannot be believed; the text is a word for the log, never a value."""


@dataclass(frozen=True, kw_only=True)
class Flight:
    """What the browser carries, sealed, while its person is at the provider: bound to one try and one purpose."""

    state: str
    nonce: str
    verifier: str
    links: str
    """The account that asked to be linked; empty for a sign-in."""
    until: datetime

    def sealed(self, key: VaultKey) -> str:
        told = {
            "for": "oidc",
            "state": self.state,
            "nonce": self.nonce,
            "verifier": self.verifier,
            "links": self.links,
            "until": self.until.isoformat(),
        }
        return base64.urlsafe_b64encode(key.seal(json.dumps(told).encode())).decode()


def new_flight(*, links: str, now: datetime) -> Flight:
    state, nonce, verifier = (secrets.token_urlsafe(_RANDOM_BYTES) for _ in range(3))
    return Flight(state=state, nonce=nonce, verifier=verifier, links=links, until=now + FLIGHT_LIFE)


def flight_of(sealed: str, key: VaultKey, *, state: str, now: datetime) -> Flight:
    """The try that this browser began. Raises ProviderRefused when it began none, another one, or too long ago."""
    try:
        told = json.loads(key.unseal(base64.urlsafe_b64decode(sealed.encode())))
        if not isinstance(told, dict) or told.pop("for", "") != "oidc":
            raise ProviderRefused("flight")
        flight = Flight(**{**told, "until": datetime.fromisoformat(told["until"])})
    except (InvalidTag, ValueError, KeyError, TypeError):
        raise ProviderRefused("flight") from None
    if now > flight.until:
        raise ProviderRefused("flight over")
    if not hmac.compare_digest(flight.state.encode(), state.encode()):
        raise ProviderRefused("state")
    return flight


class Provider:
    """One identity provider, known by its issuer; what it says of itself is asked anew at each sign-in."""

    def __init__(
        self, *, issuer: str, client_id: str, client_secret: str, label: Text, limit_seconds: float | None = None
    ) -> None:
        self.issuer = issuer
        self.label = label
        self._client_id = client_id
        self._client_secret = client_secret
        self._outbound = Outbound(limit_seconds=limit_seconds or LIMIT_SECONDS)

    def address(self, flight: Flight, *, back_to: str) -> str:
        """Where the browser goes to sign in. Raises ProviderAway or ProviderRefused."""
        from authlib.oauth2.rfc7636 import create_s256_code_challenge  # type: ignore[import-untyped]

        asked = {
            "response_type": "code",
            "client_id": self._client_id,
            "redirect_uri": back_to,
            "scope": "openid",  # nothing of the person but the subject is asked for
            "state": flight.state,
            "nonce": flight.nonce,
            "code_challenge": create_s256_code_challenge(flight.verifier),
            "code_challenge_method": "S256",
        }
        endpoint = self._endpoint(self._discovered(), "authorization_endpoint")
        return f"{endpoint}{'&' if urlsplit(endpoint).query else '?'}{urlencode(asked)}"

    def subject(self, flight: Flight, *, code: str, back_to: str) -> str:
        """Whom the provider signed in, by the code it gave. Raises ProviderAway or ProviderRefused."""
        discovered = self._discovered()
        tokens = self._tokens(discovered, flight, code, back_to)
        keys = self._ask(self._endpoint(discovered, "jwks_uri"))
        return self._believed(tokens, keys, flight.nonce)

    def _discovered(self) -> dict[str, Any]:
        told = self._ask(f"{self.issuer.rstrip('/')}/.well-known/openid-configuration")
        if told.get("issuer") != self.issuer:
            raise ProviderRefused("issuer of the discovery")
        return told

    def _endpoint(self, discovered: dict[str, Any], name: str) -> str:
        address = discovered.get(name)
        if not isinstance(address, str) or not _is_safe(address):
            raise ProviderRefused(name)
        return address

    def _tokens(self, discovered: dict[str, Any], flight: Flight, code: str, back_to: str) -> dict[str, Any]:
        form = {
            "grant_type": "authorization_code",
            "code": code,
            "redirect_uri": back_to,
            "code_verifier": flight.verifier,
        }
        headers: dict[str, str] = {}
        methods = discovered.get("token_endpoint_auth_methods_supported") or ["client_secret_basic"]
        if not self._client_secret:
            form["client_id"] = self._client_id
        elif "client_secret_basic" in methods:
            pair = f"{quote(self._client_id, safe='')}:{quote(self._client_secret, safe='')}"
            headers["Authorization"] = f"Basic {base64.b64encode(pair.encode()).decode()}"
        else:
            form |= {"client_id": self._client_id, "client_secret": self._client_secret}
        return self._ask(self._endpoint(discovered, "token_endpoint"), form=form, headers=headers)

    def _believed(self, tokens: dict[str, Any], keys: dict[str, Any], nonce: str) -> str:
        """The subject of an ID token whose signature and claims hold."""
        from authlib.common.errors import AuthlibBaseError  # type: ignore[import-untyped]
        from authlib.oidc.core import CodeIDToken  # type: ignore[import-untyped]
        from joserfc import jwt
        from joserfc.errors import JoseError
        from joserfc.jwk import KeySet

        believed = {
            "iss": {"essential": True, "value": self.issuer},
            "aud": {"essential": True, "value": self._client_id},
        }
        params = {"nonce": nonce, "client_id": self._client_id, "access_token": tokens.get("access_token")}
        try:
            token = jwt.decode(
                tokens["id_token"], KeySet.import_key_set({"keys": keys["keys"]}), algorithms=list(_ALGORITHMS)
            )
            claims = CodeIDToken(token.claims, token.header, believed, params)
            claims.validate(leeway=_LEEWAY_SECONDS)
        # joserfc raises its own errors, Authlib others, and a malformed key or header whatever it comes upon.
        except (JoseError, AuthlibBaseError, ValueError, KeyError, TypeError, AttributeError) as error:
            raise ProviderRefused(f"token: {type(error).__name__}") from None
        subject = token.claims.get("sub")
        if not isinstance(subject, str) or not 0 < len(subject) <= _LONGEST_SUBJECT:
            raise ProviderRefused("subject")
        return subject

    def _ask(
        self, url: str, *, form: dict[str, str] | None = None, headers: dict[str, str] | None = None
    ) -> dict[str, Any]:
        try:
            return self._outbound.ask(url, form=form, headers=headers)
        except NotAnswered as error:
            refused = str(error).startswith("status 4")
            raise (ProviderRefused if refused else ProviderAway)(f"{error}") from None


def provider_of(settings: Settings) -> Provider | None:
    """The identity provider of this deployment, if it has one. Raises CannotServe for settings that cannot work."""
    if not settings.oidc_issuer:
        return None
    if not settings.oidc_client_id:
        raise CannotServe(
            "ZERODROP_OIDC_ISSUER is set and ZERODROP_OIDC_CLIENT_ID is not. Set both, or neither. · "
            "ตั้ง ZERODROP_OIDC_ISSUER แล้ว แต่ยังไม่ได้ตั้ง ZERODROP_OIDC_CLIENT_ID ต้องตั้งทั้งสองค่า หรือไม่ตั้งเลย"
        )
    if not _is_safe(settings.oidc_issuer):
        raise CannotServe(
            "ZERODROP_OIDC_ISSUER must begin with https://; plain http is for this machine alone. · "
            "ZERODROP_OIDC_ISSUER ต้องขึ้นต้นด้วย https:// (http ใช้ได้เฉพาะในเครื่องนี้)"
        )
    _require_authlib()
    return Provider(
        issuer=settings.oidc_issuer,
        client_id=settings.oidc_client_id,
        client_secret=_secret(settings.oidc_client_secret_file) if settings.oidc_client_secret_file else "",
        label=Text(th=settings.oidc_label_th, en=settings.oidc_label_en),
    )


def _require_authlib() -> None:
    from importlib.util import find_spec

    if find_spec("authlib") is None:
        raise CannotServe(
            'Sign-in by an identity provider needs a package more. Run: pip install "zerodrop[oidc]" · '
            'การเข้าสู่ระบบด้วยบัญชีภายนอกต้องติดตั้งเพิ่ม สั่ง pip install "zerodrop[oidc]"'
        )


def _secret(path: Path) -> str:
    try:
        if path.stat().st_mode & (stat.S_IRWXG | stat.S_IRWXO):
            raise CannotServe(
                f"The secret in {path} can be read by other accounts of this machine. Run: chmod 600 {path} · "
                f"ผู้ใช้อื่นของเครื่องนี้อ่านไฟล์ {path} ได้ ให้สั่ง chmod 600 {path}"
            )
        return path.read_text(encoding="utf-8").strip()
    except OSError:
        raise CannotServe(
            f"The file {path} of ZERODROP_OIDC_CLIENT_SECRET_FILE cannot be read. Put the client's secret there. · "
            f"อ่านไฟล์ {path} ไม่ได้ ให้ใส่ค่า client secret ไว้ในไฟล์นี้"
        ) from None


def _is_safe(address: str) -> bool:
    """Encrypted, or within this machine."""
    parts = urlsplit(address)
    return parts.scheme == "https" or (parts.scheme == "http" and parts.hostname in ("127.0.0.1", "localhost", "::1"))
