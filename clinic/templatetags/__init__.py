"""Template tags of the house, which every room's pages may load."""
