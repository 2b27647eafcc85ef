"""The house itself: who the clinic is, when it is open, and what every other room stands on."""
