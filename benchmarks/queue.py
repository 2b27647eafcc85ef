"""The queue with a few requests, and with as many as a large clinic keeps: what each page costs, side by side.

`python -m benchmarks.queue --many 1000000` loads the demonstration into a database of its own, DATABASE_URL where it is
set (what is there already stays), opens each view, deep pages and searches as reception does, prints a table, and
writes the same as JSON. The figures of two machines do not compare; the ratios do.
"""

import argparse
import atexit
import json
import os
import re
import shutil
import sys
from html import unescape
from pathlib import Path
from statistics import median
from time import perf_counter

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "tests.settings")

import django

django.setup()

from django.core.management import call_command  # noqa: E402
from django.db import connection  # noqa: E402
from django.test import Client, override_settings  # noqa: E402
from django.test.utils import CaptureQueriesContext  # noqa: E402

from accounts.models import User  # noqa: E402
from appointments.admin.queue import views  # noqa: E402
from appointments.models import AppointmentRequest  # noqa: E402
from tests.settings import SCRATCH  # noqa: E402

QUEUE = "/admin/appointments/appointmentrequest/"
TIMES = 5
PAGES_DEEP = 20
NEXT = re.compile(r'href="([^"]+)" rel="next"')


def addresses(client):
    """Return what is opened, by its name: each view, deep pages, filters and searches."""
    found = {f"view {name}": f"{QUEUE}?view={name}" for name in views.VIEWS}
    deep = QUEUE
    for _page in range(PAGES_DEEP):
        following = NEXT.search(client.get(deep).content.decode())
        deep = QUEUE + unescape(following[1]) if following else deep
    middle = AppointmentRequest.objects.order_by("-id").values_list("id", flat=True).first() // 2
    some = AppointmentRequest.objects.filter(pk__gte=middle).exclude(email_index="").order_by("id").first()
    return found | {
        "deep in the queue": deep,
        "deep in all": f"{QUEUE}?view=all&after={middle}",
        "all of one procedure": f"{QUEUE}?view=all&procedure=kyphoplasty",
        "search a reference": f"{QUEUE}?q={some.reference}",
        "search an address": f"{QUEUE}?q={some.email}",
        "search nobody": f"{QUEUE}?q=nobody@example.org",
        "a sheet": f"{QUEUE}{some.pk}/change/",
    }


def measured():
    """Return (milliseconds, queries) of each page, by its name: the median of several openings."""
    client = Client()
    client.force_login(User.objects.get(username="reception"))
    return {name: _measured(client, address) for name, address in addresses(client).items()}


def _measured(client, address):
    took = []
    for _time in range(TIMES):
        with CaptureQueriesContext(connection) as queries:
            start = perf_counter()
            response = client.get(address)
            took.append((perf_counter() - start) * 1000)
        if response.status_code != 200:
            raise SystemExit(f"{address} answered {response.status_code}")
    return round(median(took), 1), len(queries)


def loaded(number):
    """Have so many made-up requests; return how many were made in a second."""
    before, start = AppointmentRequest.objects.count(), perf_counter()
    with override_settings(DEMO=True):
        call_command("load_demo", requests=number, verbosity=0, stdout=sys.stderr)
    return round((AppointmentRequest.objects.count() - before) / (perf_counter() - start))


def main():
    """Measure with few and with many, and say how they compare."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--few", type=int, default=1000)
    parser.add_argument("--many", type=int, default=100_000)
    parser.add_argument("--json", type=Path, default=Path("var/bench/queue.json"))
    chosen = parser.parse_args()
    # Where nobody names a database, ours goes with the scratch of the tests.
    atexit.register(shutil.rmtree, SCRATCH, ignore_errors=True)
    call_command("migrate", verbosity=0)
    loaded(chosen.few)
    few = measured()
    rate = loaded(chosen.many)
    many = measured()
    pages = {
        name: {
            "few_ms": few[name][0],
            "many_ms": many[name][0],
            "ratio": round(many[name][0] / few[name][0], 2),
            "few_queries": few[name][1],
            "many_queries": many[name][1],
        }
        for name in few
    }
    lines = [
        f"{connection.vendor}: {chosen.few:,} requests and {chosen.many:,}; {rate:,} loaded in a second",
        f"{'page':<24}{'few ms':>9}{'many ms':>9}{'ratio':>7}{'queries':>9}",
    ]
    for name, row in pages.items():
        queries = f"{row['few_queries']} / {row['many_queries']}"
        lines.append(f"{name:<24}{row['few_ms']:>9}{row['many_ms']:>9}{row['ratio']:>7}{queries:>9}")
    sys.stdout.write("\n".join([*lines, ""]))
    chosen.json.parent.mkdir(parents=True, exist_ok=True)
    report = {"database": connection.vendor, "few": chosen.few, "many": chosen.many, "loaded_a_second": rate}
    chosen.json.write_text(json.dumps(report | {"pages": pages}, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
