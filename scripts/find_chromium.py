"""Print the path of the Chromium that the browser tests drive; without one, say which Debian package brings it."""

import shutil
import sys
from pathlib import Path

_USUAL = Path("/usr/bin/chromium")
_NAMES = ("chromium", "chromium-browser")
MISSING = "No Chromium found. Install Debian's package `chromium` (apt-get install chromium) and try again."


def find_chromium() -> str | None:
    if _USUAL.exists():
        return str(_USUAL)
    return next((found for name in _NAMES if (found := shutil.which(name))), None)


def main() -> int:
    found = find_chromium()
    if found is None:
        print(MISSING, file=sys.stderr)
        return 1
    print(found)
    return 0


if __name__ == "__main__":
    sys.exit(main())
