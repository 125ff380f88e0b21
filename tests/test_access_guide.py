"""The guide to access says of each role what the roles say."""

import re
from pathlib import Path

from records.roles import ROLES

GUIDE = Path(__file__).resolve().parent.parent / "docs" / "guides" / "access.md"


def test_the_table_of_roles_is_that_of_the_code() -> None:
    rows = re.findall(r"^\| ([a-z_]+) \| ([A-Z_, ]+) \|$", GUIDE.read_text(encoding="utf-8"), re.MULTILINE)
    told = {name: sorted(permissions.split(", ")) for name, permissions in rows}
    assert told == {role.name: sorted(one.name for one in role.permissions) for role in ROLES}
