"""The leaflet of a version: the code printed on it, and its PDF once the sender has made it."""

from datetime import timedelta

from django.db import models
from django.db.models import Q
from django.utils import timezone

from clinic.codes import new_code
from clinic.models import StoredFile
from procedures.models.procedures import ProcedureVersion
from procedures.models.versions import State

# How long to wait after each try; the last wait repeats, so that a PDF comes once what was missing is installed.
# A try that takes longer than the first wait would be made twice at once.
WAITS = (timedelta(minutes=5), timedelta(minutes=30), timedelta(hours=6))


class LeafletQuerySet(models.QuerySet):
    """Reads and writes of many leaflets."""

    def promise(self, versions):
        """Give each version a leaflet with a code of its own; one that has a leaflet keeps it."""
        self.bulk_create([self.model(version=version, code=new_code()) for version in versions], ignore_conflicts=True)

    def due(self, now, standing):
        """Leaflets of live pages that were not looked at in this standing of the site, and whose wait is over.

        Those without a PDF come first: each new one moves the page stamp, and so makes all others due again.
        """
        live = self.filter(version__state=State.PUBLISHED, not_before__lte=now)
        return live.exclude(seen_in=standing).order_by("printed", "id")

    def by_code(self, code):
        """Return the leaflet with this code, with its version and page, or None."""
        return self.filter(code=code).select_related("version__page__live_version").first()


class Leaflet(models.Model):
    """The leaflet of one version. Its code says which words were printed; its PDF may be made anew with the same words.

    `printed` is the SHA-256 of what the PDF was made from, `seen_in` the standing of the site (`clinic/page_cache.py`)
    in which that was last found to be so; both are "" until there is a PDF. `attempts` counts tries since then.
    """

    personal_data = ()

    version = models.OneToOneField(ProcedureVersion, on_delete=models.CASCADE, related_name="leaflet")
    code = models.CharField(max_length=9, unique=True)
    file = models.ForeignKey(StoredFile, on_delete=models.PROTECT, null=True, related_name="+")
    printed = models.CharField(max_length=64, blank=True)
    seen_in = models.CharField(max_length=64, blank=True)
    attempts = models.PositiveSmallIntegerField(default=0)
    not_before = models.DateTimeField(default=timezone.now)

    objects = LeafletQuerySet.as_manager()

    class Meta:
        ordering = ["id"]
        constraints = [
            models.CheckConstraint(condition=Q(file=None, printed="") | Q(file__isnull=False), name="leaflet_printed")
        ]

    def __str__(self):
        return self.code

    def claim(self, now):
        """Take the next try for this process and return whether it got it: the wait begins before the work does.

        A process that dies in between has only used up one try, and two processes never make the same leaflet.
        """
        wait = WAITS[min(self.attempts, len(WAITS) - 1)]
        mine = Leaflet.objects.filter(pk=self.pk, attempts=self.attempts, not_before=self.not_before)
        # A count that cannot grow beyond its column: the waits do not grow either.
        attempts = min(self.attempts + 1, 1000)
        if not mine.update(attempts=attempts, not_before=now + wait):
            return False
        self.attempts, self.not_before = attempts, now + wait
        return True

    def finish(self, **values):
        """Write the outcome of the try, unless another process has taken one since; return whether it was written."""
        mine = Leaflet.objects.filter(pk=self.pk, attempts=self.attempts, not_before=self.not_before)
        return bool(mine.update(**values, attempts=0, not_before=timezone.now()))
