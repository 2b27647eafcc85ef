"""Names the running release, so that pages kept from the one before are not shown."""

from pathlib import Path

SHOWN_FROM = ("templates", "static", "locale", "clinic", "procedures", "appointments")
SHOWN = {".html", ".txt", ".xml", ".css", ".js", ".svg", ".png", ".mo", ".py"}


def newest_change(base):
    """Return when a file that shapes pages last changed below `base` (Path), as text."""
    times = (
        path.stat().st_mtime_ns for name in SHOWN_FROM for path in Path(base, name).rglob("*") if path.suffix in SHOWN
    )
    return f"{max(times, default=0):x}"
