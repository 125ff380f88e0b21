"""Print the path of the Chromium that the browser tests drive; without one, say which Debian package brings it.

With --install a missing one is installed where that is possible, and Caddy for the test of its file: on Debian, as root.
"""

import os
import shutil
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

_USUAL = Path("/usr/bin/chromium")
_PACKAGES = ("chromium", "fonts-thai-tlwg")
_BESIDE = ("caddy",)  # alone, so that one Debian without it still gets the browser
_NAMES = ("chromium", "chromium-browser")
MISSING = "No Chromium found. Install Debian's package `chromium` (apt-get install chromium) and try again."


def find_chromium() -> str | None:
    if _USUAL.exists():
        return str(_USUAL)
    return next((found for name in _NAMES if (found := shutil.which(name))), None)


def install() -> None:
    """Install Debian's packages; does nothing for who may not, and the search afterwards says so."""
    if shutil.which("apt-get") is None or os.geteuid() != 0:
        return
    install_all = ["apt-get", "install", "-y", "-qq"]
    for command in (["apt-get", "update", "-qq"], [*install_all, *_PACKAGES], [*install_all, *_BESIDE]):
        subprocess.run(command, check=False, stdout=subprocess.DEVNULL)


def main(arguments: Sequence[str] = ()) -> int:
    if "--install" in arguments and (find_chromium() is None or shutil.which("caddy") is None):
        install()
    found = find_chromium()
    if found is None:
        print(MISSING, file=sys.stderr)
        return 1
    print(found)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
