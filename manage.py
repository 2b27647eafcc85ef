#!/usr/bin/env python
"""Django's commands for this site; what is missing from the settings is said in one sentence, not a traceback."""

import os
import sys

from django.core.exceptions import ImproperlyConfigured
from django.core.management import execute_from_command_line


def main():
    """Run the command given, or end with the sentence that says what to set."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "clinic.settings")
    try:
        execute_from_command_line(sys.argv)
    except ImproperlyConfigured as problem:
        sys.exit(f"The site cannot start. {problem}")


if __name__ == "__main__":
    main()
