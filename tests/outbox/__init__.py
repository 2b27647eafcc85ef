"""The outbox room: messages and the sender."""
