"""The commands of accounts: `zerodrop account …`, and of machines' keys: `zerodrop account key …`."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated, Any

import typer

from records.console import Home, InstitutionCode, Json, actor, data_home, say, the_institution

if TYPE_CHECKING:
    from records.home import DataHome
    from records.staff import AccountRow, ApiKeyRow

Login = Annotated[str, typer.Argument(help="The login of the account.")]


def add(
    login: Login,
    name: Annotated[str, typer.Option(help="The person's name as colleagues know it.")],
    role: Annotated[str, typer.Option(help="Such as advisor, committee, director, admin.")],
    institution: InstitutionCode = "",
    home: Home = None,
    as_json: Json = False,
) -> None:
    """Make an account and print its activation code, this once."""
    from serving.accounts import create_account, give_code

    with data_home(home) as opened:
        code = the_institution(opened, institution)
        made = create_account(opened, login=login, name=name, role=role, institution=code, actor=actor())
        activation = give_code(opened, made.login, actor=actor(), now=datetime.now(UTC))
    say(
        {"login": made.login, "role": role, "institution": code, "activation_code": activation},
        as_json,
        "\n".join(
            [
                f"เปิดบัญชี {made.login} แล้ว · account {made.login} is made",
                *told_codes({made.login: activation}),
                *_told_groups(made.role),
            ]
        ),
    )


def _told_groups(role: str) -> list[str]:
    """Where the class groups are entered of an account that sees nobody without them."""
    from records.roles import ROLE_OF, Permission

    seen = ROLE_OF[role].permissions
    if Permission.SEE_ALL_STUDENTS in seen or Permission.SEE_OWN_STUDENTS not in seen:
        return []
    return [
        "บัญชีนี้จะเห็นนักเรียนเมื่อใส่ชื่อผู้ใช้ไว้กับกลุ่มเรียนในแบบตั้งค่า แล้วสั่ง zerodrop init --from อีกครั้ง",
        "it sees students once its login stands beside their class group in the set-up workbook: run zerodrop init --from again",
    ]


def list_accounts(institution: InstitutionCode = "", home: Home = None, as_json: Json = False) -> None:
    """All accounts: role, whether they can sign in, and how."""
    from records import sign_ins

    with data_home(home) as opened, opened.database.read() as session:
        found = [
            _told_account(account, len(sign_ins.links(session, account.id)))
            for account in sign_ins.accounts(session, institution)
        ]
    lines = [
        f"{one['login']:20} {one['role']:16} {one['institution']:12} {_state(one)}  {one['name']}" for one in found
    ]
    say({"accounts": found}, as_json, "\n".join(lines) or "ยังไม่มีบัญชี · no account yet")


def _told_account(account: "AccountRow", links: int) -> dict[str, Any]:
    return {
        "login": account.login,
        "name": account.name,
        "role": account.role,
        "institution": account.institution,
        "active": account.active,
        "has_password": bool(account.password_hash),
        "has_second_factor": account.second_factor is not None,
        "links": links,
    }


def _state(one: dict[str, Any]) -> str:
    if not one["active"]:
        return "ปิด · disabled"
    words = [
        "รหัสผ่าน · password" if one["has_password"] else "ยังไม่เปิดใช้ · not activated",
        *(["แอป · app"] if one["has_second_factor"] else []),
        *(["บัญชีภายนอก · linked"] if one["links"] else []),
    ]
    return ", ".join(words)


def code(login: Login, home: Home = None, as_json: Json = False) -> None:
    """A new activation code, printed once: for a first password or a forgotten one. It skips no second factor."""
    from records import staff
    from serving.accounts import give_code, plain_login

    login = plain_login(login)
    with data_home(home) as opened:
        activation = give_code(opened, login, actor=actor(), now=datetime.now(UTC))
        with opened.database.read() as session:
            account = staff.account_by_login(session, login)
    told = {"login": login, "activation_code": activation}
    say(told, as_json, "\n".join([*told_codes({login: activation}), *_told_obstacles(account)]))


def _told_obstacles(account: "AccountRow | None") -> list[str]:
    """What else keeps the person of an account out, for whom a code alone does not do."""
    lines = []
    if account is not None and not account.active:
        lines += [
            "บัญชีนี้ปิดอยู่ รหัสนี้จะใช้ได้เมื่อเปิดบัญชีอีกครั้ง · this account is closed, and the code works once it is open again:",
            f"  zerodrop account enable {account.login}",
        ]
    if account is not None and account.second_factor is not None:
        lines += [
            "บัญชีนี้ยังต้องใช้รหัสจากแอปยืนยันตัวตนด้วย ถ้าโทรศัพท์หาย สั่งเพิ่ม · it is still asked for its authenticator app; if the phone is lost too:",
            f"  zerodrop account second-factor {account.login} --reset",
        ]
    return lines


def told_codes(codes: dict[str, str]) -> list[str]:
    """What to do with activation codes, and the codes by login; nothing when there is none."""
    if not codes:
        return []
    return [
        "รหัสเปิดใช้บัญชี แสดงครั้งนี้ครั้งเดียว ใช้ได้ 14 วัน: เปิดหน้า /activate ใส่ชื่อผู้ใช้กับรหัสนี้ แล้วตั้งรหัสผ่านเอง",
        "activation codes, shown only now, good for 14 days: open /activate, type login + code, choose a password:",
        *(f"  {login}: {code}" for login, code in codes.items()),
    ]


def disable(login: Login, home: Home = None, as_json: Json = False) -> None:
    """Close an account: nobody signs in by it, and its sessions end at once."""
    _set_active(login, False, home, as_json, "ปิดบัญชีแล้ว · disabled")


def enable(login: Login, home: Home = None, as_json: Json = False) -> None:
    """Open a closed account again."""
    _set_active(login, True, home, as_json, "เปิดบัญชีแล้ว · enabled")


def _set_active(login: str, active: bool, home: Home, as_json: bool, done: str) -> None:
    from serving.accounts import plain_login, set_active

    with data_home(home) as opened, _watching(opened, login) as told:
        set_active(opened, login, active=active, actor=actor())
    text = "\n".join([f"{plain_login(login)}: {done}", *told])
    say({"login": plain_login(login), "active": active, "last_administrator": bool(told)}, as_json, text)


@contextmanager
def _watching(home: "DataHome", login: str) -> Iterator[list[str]]:
    """What to tell of a change of an account that leaves its institution without an administrator; else nothing.

    It is done all the same: an account in wrong hands is closed at once, and this command is the way back.
    """
    from serving.accounts import is_last_administrator, plain_login

    told: list[str] = []
    was_last = is_last_administrator(home, login)
    yield told
    if was_last and not is_last_administrator(home, login):
        told += [
            "คำเตือน: สถานศึกษานี้ไม่มีบัญชีผู้ดูแลระบบที่เปิดอยู่แล้ว หน้าเว็บบอกให้ครูที่ลืมรหัสผ่านหรือโทรศัพท์หายติดต่อผู้ดูแลระบบ",
            "warning: this institution has no open administrator account left; the pages send who lost a password or phone to one",
            "เพิ่มบัญชี · add one: zerodrop account add LOGIN --name NAME --role admin",
            "หรือย้อนกลับ · or take it back: "
            f"zerodrop account enable {plain_login(login)} / zerodrop account role {plain_login(login)} admin",
        ]


def role(
    login: Login,
    new: Annotated[str, typer.Argument(metavar="ROLE", help="The new role.")],
    home: Home = None,
    as_json: Json = False,
) -> None:
    """Give an account another role; it signs in anew."""
    from serving.accounts import plain_login, set_role

    with data_home(home) as opened, _watching(opened, login) as told:
        set_role(opened, login, new, actor=actor())
    text = "\n".join([f"{plain_login(login)}: บทบาทใหม่ · new role {new}", *told])
    say({"login": plain_login(login), "role": new, "last_administrator": bool(told)}, as_json, text)


def second_factor(
    login: Login,
    reset: Annotated[bool, typer.Option("--reset", help="Forget the app: its person sets up another.")] = False,
    home: Home = None,
    as_json: Json = False,
) -> None:
    """Whether an account has an authenticator app; with --reset, after a lost phone, it is forgotten."""
    from records import staff
    from serving.accounts import AccountRefused, plain_login, reset_second_factor

    login = plain_login(login)
    with data_home(home) as opened:
        with opened.database.read() as session:
            account = staff.account_by_login(session, login)
            if account is None:
                raise AccountRefused.unknown(login=login)
        has_one, needs_one = account.second_factor is not None, account.role in opened.settings.second_factor_roles
        if reset:
            reset_second_factor(opened, login, actor=actor())
    said = _told_reset(had_one=has_one, needs_one=needs_one) if reset else _HAS_APP[has_one]
    say({"login": login, "has_second_factor": has_one and not reset}, as_json, f"{login}: {said}")


_HAS_APP = {True: "ตั้งแอปไว้แล้ว · an app is set up", False: "ไม่มีแอป · no app"}


def _told_reset(*, had_one: bool, needs_one: bool) -> str:
    if not had_one:
        return "ไม่มีแอปให้ลบ ออกจากระบบทุกเครื่องแล้ว · there was no app to forget; signed out everywhere"
    following = (
        "เข้าสู่ระบบครั้งหน้าจะให้ตั้งแอปใหม่ · the next sign-in sets up another"
        if needs_one
        else "เข้าสู่ระบบครั้งหน้าใช้รหัสผ่านอย่างเดียว ตั้งแอปใหม่ได้ที่ บัญชีของฉัน · "
        "the next sign-in asks for the password alone; another app is set up under My account"
    )
    return f"ลบแอปเดิมและออกจากระบบทุกเครื่องแล้ว · the app is forgotten, signed out everywhere\n{following}"


def link(
    login: Login,
    subject: Annotated[str, typer.Option(help="The person's `sub` at the identity provider.")] = "",
    issuer: Annotated[str, typer.Option(help="Default: the provider of this deployment.")] = "",
    remove: Annotated[bool, typer.Option("--remove", help="End every link of this account.")] = False,
    home: Home = None,
    as_json: Json = False,
) -> None:
    """Let a person of the identity provider sign in as this account, or with --remove no longer."""
    from serving.accounts import link_account, plain_login, unlink_account

    if remove == bool(subject):
        raise typer.BadParameter("give either --subject or --remove · ระบุ --subject หรือ --remove อย่างใดอย่างหนึ่ง")
    with data_home(home) as opened:
        if remove:
            unlink_account(opened, login=login, actor=actor())
        else:
            issuer = issuer or opened.settings.oidc_issuer
            if not issuer:
                raise typer.BadParameter("there is no provider yet; give --issuer · ยังไม่ได้ตั้งผู้ให้บริการ ระบุ --issuer")
            link_account(opened, login=login, issuer=issuer, subject=subject, actor=actor(), now=datetime.now(UTC))
    done = "ยกเลิกการผูกแล้ว · unlinked" if remove else f"ผูกแล้ว · linked to {issuer}"
    say({"login": plain_login(login), "linked": not remove}, as_json, f"{plain_login(login)}: {done}")


# Keys of machines


def make_key(
    label: Annotated[str, typer.Option(help="Which machine the key is for.")],
    scope: Annotated[list[str], typer.Option(help="What it may do, such as SEE_SUMMARIES; again for each.")],
    institution: Annotated[
        list[str] | None, typer.Option(help="Whose data; again for each; not needed while there is one.")
    ] = None,
    days: Annotated[int, typer.Option(min=1, max=366, help="How long it is good.")] = 90,
    home: Home = None,
    as_json: Json = False,
) -> None:
    """Make a key for a machine and print it, this once."""
    from serving import api_keys

    with data_home(home) as opened:
        codes = institution or [the_institution(opened, "")]
        made = api_keys.make_key(
            opened,
            label=label,
            scopes=scope,
            institutions=codes,
            days=days,
            actor=actor(),
            now=datetime.now(UTC),
        )
    text = f"กุญแจ แสดงครั้งนี้ครั้งเดียว · the key, shown only now (Authorization: Bearer …):\n  {made}"
    say({"key": made, "label": label, "days": days}, as_json, text)


def list_keys(home: Home = None, as_json: Json = False) -> None:
    """All keys, without their secrets: for what, by whom, until when, last used."""
    with data_home(home) as opened:
        found = _keys(opened)
    lines = [
        f"{one['id']}  {_ended(one)}  ใช้ล่าสุด · last used {one['last_used_at'] or '–'}  "
        f"{' '.join(one['scopes'])}  {' '.join(one['institutions'])}  {one['label']}"
        for one in found
    ]
    say({"keys": found}, as_json, "\n".join(lines) or "ยังไม่มีกุญแจ · no key yet")


def _keys(home: "DataHome") -> list[dict[str, Any]]:
    from records import sign_ins

    with home.database.read() as session:
        return [_told_key(key) for key in sign_ins.api_keys(session)]


def _told_key(key: "ApiKeyRow") -> dict[str, Any]:
    def written(at: datetime | None) -> str:
        return at.isoformat(timespec="seconds") if at else ""

    return {
        "id": key.id,
        "label": key.label,
        "scopes": key.scopes,
        "institutions": key.institutions,
        "made_by": key.made_by,
        "made_at": written(key.made_at),
        "expires_at": written(key.expires_at),
        "revoked_at": written(key.revoked_at),
        "last_used_at": written(key.last_used_at),
    }


def _ended(one: dict[str, Any]) -> str:
    if one["revoked_at"]:
        return f"เพิกถอน · revoked {one['revoked_at']}"
    return f"ใช้ได้ถึง · until {one['expires_at']}"


def revoke_key(
    key: Annotated[str, typer.Argument(help="The id of the key, as `key list` shows it.")],
    home: Home = None,
    as_json: Json = False,
) -> None:
    """End a key now."""
    from serving import api_keys

    with data_home(home) as opened:
        api_keys.revoke_key(opened, key, actor=actor(), now=datetime.now(UTC))
    say({"id": key, "revoked": True}, as_json, f"{key}: เพิกถอนแล้ว · revoked")


def account_commands() -> dict[str, Callable[..., None] | typer.Typer]:
    """The words after `zerodrop account`; `key` is a group of its own."""
    keys = typer.Typer(no_args_is_help=True, help="กุญแจของระบบอื่น · keys of machines")
    for word, command in (("make", make_key), ("list", list_keys), ("revoke", revoke_key)):
        keys.command(word)(command)
    return {
        "add": add,
        "list": list_accounts,
        "code": code,
        "disable": disable,
        "enable": enable,
        "role": role,
        "second-factor": second_factor,
        "link": link,
        "key": keys,
    }
