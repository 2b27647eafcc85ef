"""What the site promises, tried out: one folder a room, journeys in a real browser, and the house itself."""
