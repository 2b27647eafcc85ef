"""How gunicorn serves the site: on this machine only, behind whatever speaks https to the world."""

import os
import sys
from pathlib import Path

import environ
from gunicorn.http import wsgi

from clinic.env_file import read_env_file

ENV_FILE = os.environ.get("ENV_FILE", str(Path(__file__).resolve().parent / ".env"))
if ENV_FILE and Path(ENV_FILE).is_file():
    read_env_file(ENV_FILE)
env = environ.Env()

bind = f"127.0.0.1:{env.int('PORT', default=8000)}"
workers = env.int("WEB_WORKERS", default=2)
threads = 4
timeout = 30
# A page takes well under a second, and Ctrl-C should not feel stuck.
graceful_timeout = 4
# New workers now and then, at different moments, give back memory that a rare large page has taken.
max_requests = 5000
max_requests_jitter = 500

# Without a proxy that the clinic names, nobody may claim that a request came by https.
forwarded_allow_ips = ",".join(env.list("TRUSTED_PROXIES", default=[]))
# And even a proxy may say that alone: a header that it passes on unread moves no page.
secure_scheme_headers = {"X-FORWARDED-PROTO": "https"}
forwarder_headers = ""

# What serves the site is nobody's business.
wsgi.SERVER = "clinic"

# Nothing to steer the server by from outside.
control_socket_disable = True

# No access log: addresses hold tracking tokens and searches. What goes wrong is logged through the site's own filter.
accesslog = None
logconfig_dict = {
    "version": 1,
    "disable_existing_loggers": False,
    "filters": {"private": {"()": "clinic.log_filters.LeaveOutAddresses"}},
    "formatters": {
        "plain": {"format": "{asctime} {levelname} {name} {message}", "datefmt": "%Y-%m-%dT%H:%M:%S%z", "style": "{"}
    },
    "handlers": {"console": {"class": "logging.StreamHandler", "formatter": "plain", "filters": ["private"]}},
    "root": {"handlers": [], "level": "INFO"},
    "loggers": {
        "gunicorn.error": {"handlers": ["console"], "level": "INFO", "propagate": False},
        "gunicorn.access": {"handlers": [], "level": "CRITICAL", "propagate": False},
    },
}

# What gunicorn ends for, instead of starting the next worker in vain.
CANNOT_START = 3


def post_worker_init(worker):
    """Let no worker serve while a key is missing that stored data need; say which, and what to do."""
    from django.core.exceptions import ImproperlyConfigured
    from django.db import connection

    from clinic import keys

    try:
        keys.check_at_start()
    except ImproperlyConfigured as problem:
        sys.stderr.write(f"The site cannot start. {problem}\n")
        sys.exit(CANNOT_START)
    # Each thread that answers has a connection of its own; this one has none to answer.
    connection.close()
