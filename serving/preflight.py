"""Before the service starts: how it is reached, and whether its files are where and as they must be.

Everything here refuses with one sentence in Thai and English (CannotServe, exit 8). A key that is missing, wrong or
readable by others is refused by the vault itself on every command (VaultError, exit 5), a database of another release
when the home is opened.
"""

import hashlib
import ipaddress
import os
import ssl
import stat
import tempfile
from dataclasses import dataclass
from pathlib import Path

from records.errors import CannotServe
from records.integrity import integrity
from records.settings import Settings

_LEAST_DISTINCT = 16  # of 32 random bytes about 30 differ; fewer than 16 do not come from chance
_SAMPLES = ("", "secret", "changeme", "password", "zerodrop", "test", "example")


@dataclass(frozen=True, kw_only=True)
class Reach:
    """How the service is reached: its own address, encryption, and the proxy in front of it."""

    host: str = "127.0.0.1"
    port: int = 8000
    tls: tuple[Path, Path] | None = None
    """The PEM files of the certificate chain and of its key."""
    behind_proxy: bool = False
    proxy_addresses: tuple[str, ...] = ()
    """From whom forwarded headers are believed: addresses or networks; this machine where none is given."""
    names: tuple[str, ...] = ()
    """The host names it answers to, beside this machine's own."""
    metrics_port: int = 0
    """Where the metrics are read on this machine; 0 for nowhere."""

    @property
    def https(self) -> bool:
        return self.behind_proxy or self.tls is not None

    @property
    def trusted(self) -> list[str]:
        return list(self.proxy_addresses) or ["127.0.0.1", "::1"]


def require_sound_reach(reach: Reach) -> None:
    """Raises CannotServe where names would cross a network unencrypted, or anybody could say whom he is."""
    require_encrypted(reach.host, encrypted=reach.https)
    if reach.proxy_addresses and not reach.behind_proxy:
        raise CannotServe(
            "--proxy-address goes with --behind-proxy. Add it, or leave the addresses out. · "
            "--proxy-address ใช้คู่กับ --behind-proxy เพิ่มให้ครบ หรือไม่ต้องระบุที่อยู่"
        )
    if reach.behind_proxy and not is_loopback(reach.host) and not reach.proxy_addresses:
        raise CannotServe(
            f"On {reach.host} anybody could claim to be the proxy. Say who it is: --proxy-address ADDRESS. · "
            f"ที่ {reach.host} ใครก็อ้างว่าเป็นพร็อกซีได้ ระบุที่อยู่ของพร็อกซีด้วย --proxy-address"
        )
    for address in reach.proxy_addresses:
        _require_network(address)
    if reach.tls:
        _require_tls(*reach.tls)


def require_encrypted(host: str, *, encrypted: bool) -> None:
    if not encrypted and not is_loopback(host):
        raise CannotServe(
            f"{host} is not this machine: names would cross the network unencrypted. "
            "Serve on 127.0.0.1 behind a TLS proxy and add --behind-proxy, or give --tls-cert and --tls-key. · "
            f"{host} ไม่ใช่เครื่องนี้ ชื่อนักเรียนจะผ่านเครือข่ายโดยไม่เข้ารหัส "
            "ให้เปิดที่ 127.0.0.1 หลังพร็อกซี TLS แล้วเพิ่ม --behind-proxy หรือระบุ --tls-cert และ --tls-key"
        )


def is_loopback(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _require_network(address: str) -> None:
    try:
        network = ipaddress.ip_network(address)
    except ValueError:
        network = None
    if network is None or network.prefixlen == 0:
        raise CannotServe(
            f"--proxy-address {address} is no address of a proxy. Give an address such as 10.0.0.5, or a network such as "
            "172.18.0.0/16. · "
            f"--proxy-address {address} ไม่ใช่ที่อยู่ของพร็อกซี ใส่ที่อยู่ เช่น 10.0.0.5 หรือเครือข่าย เช่น 172.18.0.0/16"
        )


def _require_tls(cert: Path, key: Path) -> None:
    try:
        if os.name == "posix" and key.stat().st_mode & stat.S_IRWXO:
            raise CannotServe(
                f"The TLS key {key} can be read by every account of this machine. Run: chmod o-rwx {key} · "
                f"ทุกบัญชีของเครื่องนี้อ่านกุญแจ TLS {key} ได้ ให้สั่ง chmod o-rwx {key}"
            )
        ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER).load_cert_chain(cert, key)
    except OSError as error:  # an SSLError is one
        why = error.strerror if not isinstance(error, ssl.SSLError) and error.strerror else "they do not fit together"
        raise CannotServe(
            f"The certificate {cert} and the key {key} cannot be used ({why}). "
            "Give the PEM files of the certificate chain and of its own key. · "
            f"ใช้ใบรับรอง {cert} และกุญแจ {key} ไม่ได้ ({why}) ใส่ไฟล์ PEM ของใบรับรองและกุญแจที่เป็นคู่กัน"
        ) from None


def require_sound_files(settings: Settings) -> None:
    """Look at the data home before it is opened: opening would make an empty database where one was lost."""
    home = settings.home
    if not home.is_dir():
        raise CannotServe(
            f"There is no data home at {home}. Give the right --home, bring the backup back, or make a new one with "
            f"`zerodrop init`. · ไม่มีที่เก็บข้อมูลที่ {home} ระบุ --home ให้ถูก นำข้อมูลสำรองกลับมา หรือสร้างใหม่ด้วย zerodrop init"
        )
    held = [home]
    for url, name in ((settings.database_url, "zerodrop.db"), (settings.vault_url, "people.db")):
        if url:
            continue
        if not (home / name).is_file():
            raise CannotServe(
                f"{name} is missing from the data home {home}. Bring the backup back with `zerodrop restore`; the service "
                "does not start with an empty one in its place. · "
                f"ไม่พบ {name} ในที่เก็บข้อมูล {home} นำข้อมูลสำรองกลับมาด้วย zerodrop restore ระบบจะไม่เริ่มด้วยฐานข้อมูลเปล่าแทน"
            )
        held.append(home / name)
    for path in held:
        _require_own(path)
        _require_private(path, home)
    _require_writable(held)
    for database in held[1:]:
        _require_whole(database)
    _require_random_key(settings.key_path)


def _require_own(path: Path) -> None:
    if os.name == "posix" and path.stat().st_uid != os.geteuid():
        raise CannotServe(
            f"{path} belongs to another account (uid {path.stat().st_uid}) than the one this runs as (uid {os.geteuid()}). "
            f"Run as its owner, or: chown -R {os.geteuid()} {path} · "
            f"{path} เป็นของบัญชีอื่น (uid {path.stat().st_uid}) ไม่ใช่บัญชีที่สั่งระบบนี้ (uid {os.geteuid()}) "
            "ให้สั่งด้วยบัญชีเจ้าของ หรือเปลี่ยนเจ้าของด้วย chown"
        )


def _require_private(path: Path, home: Path) -> None:
    """A file with loose permissions in a folder that nobody else may enter is read by nobody else."""
    if os.name != "posix":
        return
    mode, door = path.stat().st_mode, home.stat().st_mode
    for read, enter in ((stat.S_IRGRP, stat.S_IXGRP), (stat.S_IROTH, stat.S_IXOTH)):
        if mode & read and door & enter:
            raise CannotServe(
                f"{path} can be read by other accounts of this machine. Run: chmod -R go-rwx {home} · "
                f"ผู้ใช้อื่นของเครื่องนี้อ่าน {path} ได้ ให้สั่ง chmod -R go-rwx {home}"
            )


def _require_writable(held: list[Path]) -> None:
    home = held[0]
    try:
        with tempfile.TemporaryFile(dir=home) as probe:
            probe.write(b"\0" * 4096)
            probe.flush()
        for path in held[1:]:
            with path.open("r+b"):
                pass
    except OSError as error:
        raise CannotServe(
            f"The data home {home} cannot be written ({error.strerror}): every look at a student must be recorded there. "
            "Make room or mount it for writing. · "
            f"เขียนลงที่เก็บข้อมูล {home} ไม่ได้ ({error.strerror}) ระบบต้องบันทึกทุกครั้งที่มีผู้เปิดดูข้อมูลนักเรียน "
            "ให้เพิ่มพื้นที่ว่าง หรือเมานต์ให้เขียนได้"
        ) from None


def _require_whole(database: Path) -> None:
    if found := integrity(database):
        raise CannotServe(
            f"{database} is damaged ({found[0]}). Nothing more is written to it: keep the file, and bring the newest backup "
            "back with `zerodrop restore`. · "
            f"ฐานข้อมูล {database} เสียหาย ({found[0]}) ระบบจะไม่เขียนเพิ่ม ให้เก็บไฟล์นี้ไว้ แล้วนำข้อมูลสำรองล่าสุดกลับมาด้วย zerodrop restore"
        )


def _require_random_key(path: Path) -> None:
    """A key that was typed, copied from an example or hashed from a word; one that is no key is the vault's to refuse."""
    try:
        secret = bytes.fromhex(path.read_text().strip())
    except (OSError, ValueError):
        return
    known = {bytes(range(32)), *(hashlib.sha256(word.encode()).digest() for word in _SAMPLES)}
    if len(set(secret)) < _LEAST_DISTINCT or secret in known:
        raise CannotServe(
            f"The key in {path} is a sample that others know, not a random one. Make a new data home: its key is made by "
            "`zerodrop init`. · "
            f"กุญแจใน {path} เป็นกุญแจตัวอย่างที่ผู้อื่นรู้ ไม่ใช่กุญแจสุ่ม ให้สร้างที่เก็บข้อมูลใหม่ คำสั่ง zerodrop init จะสร้างกุญแจให้"
        )
