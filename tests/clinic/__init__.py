"""The house itself: its components, its wording, its clock and its keys."""
