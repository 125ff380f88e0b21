"""The model in charge, read once and compared with its signature; scoring by tables with NumPy alone, no compiler."""

from functools import lru_cache
from pathlib import Path

from models.bundle import Bundle, read_bundle
from records import lists
from records.errors import ModelRefused
from records.home import DataHome
from records.lists import RULE_LIST
from serving.answers import Conflict


def digest_in_charge(home: DataHome, institution: str) -> str:
    with home.database.read() as session:
        return lists.champion(session, institution)


def held_model(home: DataHome, digest: str) -> Bundle:
    """The bundle. Raises Conflict for the absence rule, which has none, and for a bundle that is missing or was changed."""
    if digest == RULE_LIST:
        raise Conflict("body", "the_rule_list_is_in_charge")
    try:
        return _read(home.models, digest)
    except ModelRefused:
        raise Conflict("body", "the_model_cannot_be_read") from None


@lru_cache(maxsize=4)
def _read(models: Path, digest: str) -> Bundle:
    return read_bundle(models, digest)
