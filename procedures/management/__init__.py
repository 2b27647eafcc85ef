"""Commands of the pages, run as `manage.py <command>`."""
