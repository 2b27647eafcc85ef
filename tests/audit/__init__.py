"""The audit room: events and their chain."""
