"""How dates and times are written out, by language."""
