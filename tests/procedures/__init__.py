"""Tests of what the clinic offers: pages, and who may publish them."""
