"""One file a command: Django finds each by the name of its file."""
