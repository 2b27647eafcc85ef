"""Commands of the house, run as `manage.py <command>`."""
