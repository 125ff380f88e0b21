"""What `zerodrop serve` refuses before the first request: one sentence in both languages, exit 8 (5 for the key)."""

import http.client
import os
import secrets
import shutil
import signal
import socket
import ssl
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from records.errors import CannotServe
from records.settings import Settings
from serving.preflight import Reach, require_sound_files, require_sound_reach
from tests.browser.sample_college import SampleCollege
from tests.functional.command_fixtures import SERVE, VAULT, call

ROOT = Path(__file__).resolve().parents[2]
ROOT_ACCOUNT = os.geteuid() == 0


@pytest.fixture
def settings(pattern: SampleCollege, tmp_path: Path) -> Iterator[Settings]:
    """A data home that nobody has open."""
    kept, copied = pattern.home.settings, Settings(home=tmp_path / "var")
    shutil.copytree(kept.home, copied.home)
    shutil.copy(kept.key_path, copied.key_path)
    yield copied
    copied.home.chmod(0o700)


def refused(settings: Settings, *words: str, code: int = SERVE) -> str:
    """The one line that the command says."""
    said = call("serve", "--port", "1", *words, "--home", settings.home)
    assert (said.code, said.out) == (code, "")
    [sentence] = said.err.splitlines()
    english, _, thai = sentence.partition(" · ")
    assert english.isascii()
    assert any("\u0e01" <= letter <= "\u0e5b" for letter in thai)
    return sentence


def test_a_sound_home_passes(settings: Settings) -> None:
    require_sound_files(settings)


# Files


def test_no_data_home(tmp_path: Path) -> None:
    sentence = refused(Settings(home=tmp_path / "none"))
    assert sentence.startswith(f"There is no data home at {tmp_path / 'none'}. Give the right --home, ")


@pytest.mark.parametrize("name", ["zerodrop.db", "people.db"])
def test_a_lost_database_is_not_replaced_by_an_empty_one(settings: Settings, name: str) -> None:
    (settings.home / name).unlink()
    assert refused(settings).startswith(f"{name} is missing from the data home {settings.home}. Bring the backup back")
    assert not (settings.home / name).exists()


@pytest.mark.parametrize("name", ["", "zerodrop.db", "people.db"])
def test_a_home_or_database_that_others_can_read(settings: Settings, name: str) -> None:
    path = settings.home / name
    settings.home.chmod(0o711)
    path.chmod(0o755 if path.is_dir() else 0o644)
    for other in {settings.home / "zerodrop.db", settings.home / "people.db"} - {path}:
        other.chmod(0o600)
    assert refused(settings).startswith(f"{path} can be read by other accounts of this machine. Run: chmod -R go-rwx ")


def test_a_loose_file_in_a_closed_folder_is_read_by_nobody(settings: Settings) -> None:
    (settings.home / "zerodrop.db").chmod(0o644)
    require_sound_files(settings)


def test_a_key_that_others_can_read_is_refused_by_the_vault(settings: Settings) -> None:
    settings.key_path.chmod(0o644)
    assert refused(settings, code=VAULT).startswith(f"The key file {settings.key_path} can be read by other accounts")


def test_a_missing_or_other_key_is_refused_by_the_vault(settings: Settings) -> None:
    settings.key_path.write_text(secrets.token_hex(32))
    assert refused(settings, code=VAULT).startswith(f"The key in {settings.key_path} is not the one this vault")
    settings.key_path.unlink()
    assert refused(settings, code=VAULT).startswith(f"The vault's key file {settings.key_path} is missing.")


@pytest.mark.parametrize(
    "secret",
    ["00" * 32, "0123456789abcdef" * 4, bytes(range(32)).hex(), __import__("hashlib").sha256(b"changeme").hexdigest()],
)
def test_a_sample_key(settings: Settings, secret: str) -> None:
    settings.key_path.write_text(secret)
    assert refused(settings).startswith(f"The key in {settings.key_path} is a sample that others know")


def test_no_random_key_is_taken_for_a_sample(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("serving.preflight.integrity", lambda database: [])  # the databases are the same each time
    for _ in range(2000):
        settings.key_path.write_text(secrets.token_hex(32))
        require_sound_files(settings)


@pytest.mark.skipif(not ROOT_ACCOUNT, reason="only the administrator can give a file away")
def test_another_accounts_home(settings: Settings) -> None:
    os.chown(settings.home / "people.db", 65534, 65534)
    sentence = refused(settings)
    assert sentence.startswith(f"{settings.home / 'people.db'} belongs to another account (uid 65534) than ")


@pytest.mark.skipif(ROOT_ACCOUNT, reason="the administrator may write everywhere")
def test_a_folder_that_may_not_be_written(settings: Settings) -> None:
    settings.home.chmod(0o500)
    assert refused(settings).startswith(f"The data home {settings.home} cannot be written (Permission denied)")


# Network


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (("--host", "0.0.0.0"), "0.0.0.0 is not this machine: names would cross the network unencrypted. "),
        (("--host", "0.0.0.0", "--behind-proxy"), "On 0.0.0.0 anybody could claim to be the proxy. Say who it is: "),
        (("--proxy-address", "10.0.0.5"), "--proxy-address goes with --behind-proxy."),
        (("--behind-proxy", "--proxy-address", "*"), "--proxy-address * is no address of a proxy."),
        (("--behind-proxy", "--proxy-address", "0.0.0.0/0"), "--proxy-address 0.0.0.0/0 is no address of a proxy."),
        (("--behind-proxy", "--proxy-address", "caddy"), "--proxy-address caddy is no address of a proxy."),
    ],
)
def test_who_could_listen_in(settings: Settings, words: tuple[str, ...], sentence: str) -> None:
    assert refused(settings, *words).startswith(sentence)


def test_only_whom_we_trust_may_forward() -> None:
    assert Reach().trusted == ["127.0.0.1", "::1"]
    assert Reach(behind_proxy=True, proxy_addresses=("10.0.0.5",)).trusted == ["10.0.0.5"]
    require_sound_reach(Reach(host="0.0.0.0", behind_proxy=True, proxy_addresses=("10.0.0.0/24", "fd00::1")))


@pytest.fixture
def certificate(tmp_path: Path) -> Callable[[str], tuple[Path, Path]]:
    """Writes a self-signed certificate and its key."""

    def made(name: str) -> tuple[Path, Path]:
        key = ec.generate_private_key(ec.SECP256R1())
        subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "localhost")])
        now = datetime.now(UTC)
        signed = (
            x509.CertificateBuilder()
            .subject_name(subject)
            .issuer_name(subject)
            .public_key(key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(now - timedelta(days=1))
            .not_valid_after(now + timedelta(days=1))
            .add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost")]), critical=False)
            .sign(key, hashes.SHA256())
        )
        cert_file, key_file = tmp_path / f"{name}.crt", tmp_path / f"{name}.key"
        cert_file.write_bytes(signed.public_bytes(serialization.Encoding.PEM))
        pem = serialization.PrivateFormat.PKCS8
        key_file.write_bytes(key.private_bytes(serialization.Encoding.PEM, pem, serialization.NoEncryption()))
        key_file.chmod(0o600)
        return cert_file, key_file

    return made


def test_a_certificate_opens_the_network(certificate: Callable[[str], tuple[Path, Path]]) -> None:
    require_sound_reach(Reach(host="0.0.0.0", tls=certificate("own")))


def test_with_a_certificate_it_answers_encrypted_and_in_no_other_way(
    settings: Settings, certificate: Callable[[str], tuple[Path, Path]]
) -> None:
    """The command itself, on every address of this machine."""
    cert, key = certificate("own")
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    command = (
        sys.executable, "zerodrop.py", "serve", "--home", settings.home, "--host", "0.0.0.0", "--port", str(port),
        "--name", "localhost", "--tls-cert", cert, "--tls-key", key,
    )  # fmt: skip
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as serving:
        try:
            status, headers = asked_encrypted(port, cert)
            assert status == 200
            assert "max-age=" in headers["Strict-Transport-Security"]
            with socket.create_connection(("127.0.0.1", port), timeout=10) as plain:
                plain.sendall(b"GET /login HTTP/1.1\r\nHost: localhost\r\n\r\n")
                assert b"HTTP/1.1" not in plain.recv(4096)
        finally:
            serving.send_signal(signal.SIGINT)  # as with Ctrl-C, which is how a person ends it
        assert serving.wait(timeout=30) == 0


def asked_encrypted(port: int, cert: Path) -> tuple[int, http.client.HTTPMessage]:
    """The sign-in page over TLS, by who trusts this certificate alone; waits until the service listens."""
    trusting = ssl.create_default_context(cafile=cert)
    until = time.monotonic() + 60
    while True:
        with closing(http.client.HTTPSConnection("localhost", port, context=trusting, timeout=10)) as asking:
            try:
                asking.request("GET", "/login")
                answer = asking.getresponse()
                answer.read()
                return answer.status, answer.headers
            except ConnectionRefusedError:
                assert time.monotonic() < until, "the service did not start"
                time.sleep(0.1)


def test_a_certificate_that_cannot_be_used(
    settings: Settings, certificate: Callable[[str], tuple[Path, Path]], tmp_path: Path
) -> None:
    (cert, key), (_, other) = certificate("own"), certificate("other")
    tls = ("--host", "0.0.0.0", "--tls-cert", str(cert), "--tls-key")
    assert "cannot be used (they do not fit together)" in refused(settings, *tls, str(other))
    assert "cannot be used (No such file or directory)" in refused(settings, *tls, str(tmp_path / "none.key"))
    key.chmod(0o644)
    assert refused(settings, *tls, str(key)).startswith(f"The TLS key {key} can be read by every account")
    assert call("serve", "--tls-cert", cert, "--home", settings.home).code == 2


def test_a_metrics_port_in_use(pattern: SampleCollege) -> None:
    from serving.app import create_app

    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        with pytest.raises(CannotServe, match=f"Port {port} for the metrics is in use. Choose another --metrics-port"):
            create_app(pattern.home, today=lambda: datetime.now(UTC).date()).state.metrics.export(port)
