"""A data home that was made once, copied with its key."""

import shutil
from pathlib import Path

from records.home import DataHome, open_home
from records.settings import Settings


def copied(made: Path, into: Path) -> DataHome:
    """Everything as in the home that was made, at another place; whoever asked closes it."""
    settings = Settings(home=into, database_url="", vault_url="")
    shutil.copytree(made, into)
    shutil.copy(Settings(home=made).key_path, settings.key_path)
    return open_home(settings)
