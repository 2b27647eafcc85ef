"""Says in two plain words with what somebody logged in, such as "Chrome" and "Windows": a person knows their own.

What a browser tells of itself can be anything, so only these names are ever taken from it; "" is for all others.
"""

# Each tells the names of those it wants to be taken for too: the first that fits is the one.
BROWSERS = (
    ("Edge", ("Edg/", "EdgA/", "EdgiOS/")),
    ("Opera", ("OPR/", "Opera")),
    ("Samsung Internet", ("SamsungBrowser/",)),
    ("Firefox", ("Firefox/", "FxiOS/")),
    ("Chrome", ("Chrome/", "CriOS/", "Chromium/")),
    ("Safari", ("Safari/",)),
)
SYSTEMS = (
    ("iPhone", ("iPhone",)),
    ("iPad", ("iPad",)),
    ("Android", ("Android",)),
    ("ChromeOS", ("CrOS",)),
    ("Windows", ("Windows",)),
    ("macOS", ("Macintosh", "Mac OS X")),
    ("Linux", ("Linux", "X11")),
)


def browser_and_system(user_agent):
    """Return the names of the browser and of what it runs on, "" for each that is not known."""
    return _first(BROWSERS, user_agent), _first(SYSTEMS, user_agent)


def _first(names, user_agent):
    return next((name for name, marks in names if any(mark in user_agent for mark in marks)), "")
