"""Speed and scale, as ratios between few rows and many: `make bench`. Never a timed test."""
