"""Asking for an appointment, and answering: no accepted request is ever lost."""
