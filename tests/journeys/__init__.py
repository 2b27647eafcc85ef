"""One journey a story, in a real browser: given, when, then, with a look at accessibility on the way."""
