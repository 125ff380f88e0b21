"""Which browser a session is in, as a person would say it: `Chrome, Android`."""

# In this order: most browsers also claim to be those below them.
_FAMILIES = (
    ("Line/", "LINE"),
    ("FBAN", "Facebook"),
    ("FBAV", "Facebook"),
    ("Edg", "Edge"),
    ("OPR/", "Opera"),
    ("SamsungBrowser", "Samsung Internet"),
    ("Firefox", "Firefox"),
    ("FxiOS", "Firefox"),
    ("CriOS", "Chrome"),
    ("Chrome", "Chrome"),
    ("Safari", "Safari"),
)
_SYSTEMS = (
    ("iPhone", "iPhone"),
    ("iPad", "iPad"),
    ("Android", "Android"),
    ("Windows", "Windows"),
    ("Mac OS X", "macOS"),
    ("CrOS", "ChromeOS"),
    ("Linux", "Linux"),
)


def browser_name(user_agent: str) -> str:
    """Family and system, from fixed words alone: nothing that was sent is kept. Empty when neither is known."""
    found = [next((name for sign, name in known if sign in user_agent), "") for known in (_FAMILIES, _SYSTEMS)]
    return ", ".join(name for name in found if name)
