"""Spanish dates and times."""
