"""What happened, who did it and when: rows that are only ever added, linked into a chain by the sender."""
