"""MLflow's registry: a registered model for each group of institutions, its versions named by digest, two aliases.

The promotion table is the truth; the aliases `champion` and `challenger` are copied from it and decide nothing.
"""

import hashlib
from collections.abc import Sequence
from typing import Any

CHAMPION, CHALLENGER = "champion", "challenger"
DIGEST = "digest"
_LONGEST_NAME = 200
"""MLflow's databases hold names of 256 letters."""


def group_name(institutions: Sequence[str]) -> str:
    """One name for a set of institutions, in whatever order: their codes, or for many the first, how many more, a hash."""
    codes = sorted(set(institutions))
    name = "+".join(codes)
    if len(name) <= _LONGEST_NAME:
        return name
    return f"{codes[0]}+{len(codes) - 1} more {hashlib.sha256(name.encode()).hexdigest()[:12]}"


def register(client: Any, name: str, *, run_id: str, source: str, digest: str) -> None:
    """A new version of the group's model: the run's bundle folder, tagged with its digest."""
    if not client.search_registered_models(filter_string=f"name = '{name}'"):
        client.create_registered_model(name)
    client.create_model_version(name, source=source, run_id=run_id, tags={DIGEST: digest})


def set_aliases(client: Any, in_charge: Sequence[str]) -> None:
    """`champion`: the version most lately put in charge that still is; `challenger`: the newest one, if it came later.

    `in_charge` are digests, newest decision first. A group that a simple list serves has no champion.
    """
    for model in client.search_registered_models():
        versions = client.search_model_versions(f"name = '{model.name}'")
        by_digest: dict[str, int] = {}
        for version in versions:
            digest = version.tags.get(DIGEST, "")
            by_digest[digest] = max(by_digest.get(digest, 0), int(version.version))
        champion = next((by_digest[digest] for digest in in_charge if digest in by_digest), None)
        newest = max(by_digest.values(), default=None)
        challenger = newest if newest is not None and newest > (champion or 0) else None
        _point(client, model.name, CHAMPION, champion)
        _point(client, model.name, CHALLENGER, challenger)


def _point(client: Any, name: str, alias: str, version: int | None) -> None:
    if version is None:
        client.delete_registered_model_alias(name, alias)
    else:
        client.set_registered_model_alias(name, alias, str(version))
