"""Runs the web server and the sender of the Procfile side by side, and ends both when either ends.

Run as `python -m clinic.serve`. A site whose sender has died looks well and keeps every message to itself, so one
must not outlive the other, and whatever watches over the site must see a failure.
"""

import os
import signal
import sys
from pathlib import Path

from honcho.environ import parse_procfile
from honcho.manager import Manager

PROCFILE = Path(__file__).resolve().parent.parent / "Procfile"


def environment():
    """Return this environment, with this Python first on the path and each line of output passed on at once."""
    path = os.pathsep.join([str(Path(sys.executable).parent), os.environ.get("PATH", os.defpath)])
    return {**os.environ, "PATH": path, "PYTHONUNBUFFERED": "1"}


def main():
    """Run until Ctrl-C, SIGTERM, a closed terminal, or the end of either process; never return 0."""
    manager = Manager()
    for name, command in parse_procfile(PROCFILE.read_text()).processes.items():
        manager.add_process(name, command, env=environment(), cwd=str(PROCFILE.parent))
    signal.signal(signal.SIGHUP, lambda *_: signal.raise_signal(signal.SIGTERM))
    manager.loop()
    sys.exit(manager.returncode or 1)


if __name__ == "__main__":
    main()
