"""A small identity provider over real HTTP on this machine: discovery, authorization, tokens and keys, RS256.

It keeps the rules of the code flow itself (one use of a code, PKCE, the client's secret), and can be told to lie.
"""

import base64
import hashlib
import hmac
import json
import secrets
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, unquote, urlencode, urlsplit

from joserfc import jwt
from joserfc.jwk import RSAKey

CLIENT_ID, CLIENT_SECRET = "zerodrop-test", "s3cret/with:signs"
Claims = dict[str, Any]


@dataclass
class IdentityProvider:
    """What it is and how it behaves; a test changes one thing."""

    issuer: str
    subject: str = "person-1"
    change_claims: Callable[[Claims], Claims] = lambda claims: claims
    algorithm: str = "RS256"
    """`none`, `unsigned`, `HS256` (by the public key) and `other key` are what it must not get away with."""
    discovery: dict[str, Any] = field(default_factory=dict)
    delay_seconds: float = 0.0
    status: int = 200
    drips: bool = False
    key: RSAKey = field(default_factory=lambda: RSAKey.generate_key(2048, {"kid": "k1", "use": "sig"}))
    asked: list[str] = field(default_factory=list)
    codes: dict[str, dict[str, str]] = field(default_factory=dict)

    def authorize(self, address: str) -> str:
        """What a browser does there: the person agrees, and is sent back with a code. Returns that address."""
        parts = urlsplit(address)
        asked = {name: values[0] for name, values in parse_qs(parts.query).items()}
        assert address.startswith(f"{self.issuer}/authorize?")
        assert (asked["response_type"], asked["client_id"]) == ("code", CLIENT_ID)
        assert asked["scope"] == "openid"
        assert asked["code_challenge_method"] == "S256"
        code = secrets.token_urlsafe(16)
        self.codes[code] = asked
        return f"{asked['redirect_uri']}?{urlencode({'code': code, 'state': asked['state']})}"

    def discovered(self) -> dict[str, Any]:
        return {
            "issuer": self.issuer,
            "authorization_endpoint": f"{self.issuer}/authorize",
            "token_endpoint": f"{self.issuer}/token",
            "jwks_uri": f"{self.issuer}/keys",
            **self.discovery,
        }

    def tokens(self, form: dict[str, str], authorization: str) -> tuple[int, dict[str, Any]]:
        asked = self.codes.pop(form.get("code", ""), None)
        pair = base64.b64decode(authorization.removeprefix("Basic ")).decode().split(":")
        challenge = base64.urlsafe_b64encode(hashlib.sha256(form["code_verifier"].encode()).digest()).rstrip(b"=")
        if (
            asked is None
            or [unquote(part) for part in pair] != [CLIENT_ID, CLIENT_SECRET]
            or challenge.decode() != asked["code_challenge"]
            or form["redirect_uri"] != asked["redirect_uri"]
        ):
            return 400, {"error": "invalid_grant"}
        now = int(time.time())
        claims: Claims = {"iss": self.issuer, "sub": self.subject, "aud": CLIENT_ID, "iat": now, "exp": now + 300}
        claims["nonce"] = asked["nonce"]
        token = self._signed(self.change_claims(claims))
        return 200, {"access_token": secrets.token_urlsafe(8), "token_type": "Bearer", "id_token": token}

    def keys(self) -> dict[str, Any]:
        return {"keys": [self.key.as_dict(private=False)]}

    def _signed(self, claims: Claims) -> str:
        match self.algorithm:
            case "none":
                head, body = (_base64(json.dumps(part).encode()) for part in ({"alg": "none"}, claims))
                return f"{head}.{body}."
            case "unsigned":
                return jwt.encode({"alg": "RS256", "kid": "k1"}, claims, self.key).rpartition(".")[0] + "."
            case "HS256":
                head, body = (_base64(json.dumps(part).encode()) for part in ({"alg": "HS256", "kid": "k1"}, claims))
                signature = hmac.digest(self.key.as_pem(private=False), f"{head}.{body}".encode(), "sha256")
                return f"{head}.{body}.{_base64(signature)}"
            case "other key":
                return jwt.encode({"alg": "RS256", "kid": "k1"}, claims, RSAKey.generate_key(2048, {"kid": "k1"}))
            case _:
                return jwt.encode({"alg": self.algorithm, "kid": "k1"}, claims, self.key, algorithms=[self.algorithm])


def _base64(told: bytes) -> str:
    return base64.urlsafe_b64encode(told).rstrip(b"=").decode()


@contextmanager
def running_provider() -> Iterator[IdentityProvider]:
    """The provider on a free port, in a thread of its own."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Handler)
    server.daemon_threads = True
    provider = IdentityProvider(issuer=f"http://127.0.0.1:{server.server_address[1]}")
    server.provider = provider  # type: ignore[attr-defined]
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
    thread.start()
    yield provider
    server.shutdown()
    thread.join()
    server.server_close()


class _Handler(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        provider = self._provider()
        match urlsplit(self.path).path:
            case "/.well-known/openid-configuration":
                self._answer(provider.status, provider.discovered())
            case "/keys":
                self._answer(200, provider.keys())
            case _:
                self._answer(404, {})

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"])).decode()
        form = {name: values[0] for name, values in parse_qs(body).items()}
        self._answer(*self._provider().tokens(form, self.headers.get("Authorization", "")))

    def _provider(self) -> IdentityProvider:
        provider: IdentityProvider = self.server.provider  # type: ignore[attr-defined]
        provider.asked.append(self.path)
        time.sleep(provider.delay_seconds)
        return provider

    def _answer(self, status: int, told: dict[str, Any]) -> None:
        body = json.dumps(told).encode()
        try:
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            for byte in body if self._drips() else ():
                self.wfile.write(bytes([byte]))
                self.wfile.flush()
                time.sleep(0.2)
            if not self._drips():
                self.wfile.write(body)
        except OSError:
            return  # whoever asked went away

    def _drips(self) -> bool:
        drips: bool = self.server.provider.drips  # type: ignore[attr-defined]
        return drips

    def log_message(self, *_args: object) -> None:
        """Quiet: the tests look at what was asked."""
