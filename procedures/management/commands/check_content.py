"""`manage.py check_content`: says of every live page and open draft what to mend and what could be better."""

import sys
from collections import Counter

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.utils.translation import override

from procedures import content_checks
from procedures.models import ConditionVersion, ProcedureVersion, State
from procedures.models.versions import UNPUBLISHED
from procedures.sections import section_named


class Command(BaseCommand):
    """Say each finding on a line of its own: page, section, error or advice, sentence. Changes nothing."""

    help = "Check every live page and open draft; exit 1 where one has an error. Advice stops nothing."

    def add_arguments(self, parser):
        parser.add_argument("slugs", nargs="*", metavar="slug", help="Only pages with these addresses.")
        parser.add_argument("--language", choices=[code for code, _name in settings.LANGUAGES], help="Only this one.")

    def handle(self, *, slugs, language, **options):
        versions = _versions(slugs, language)
        unknown = sorted(set(slugs) - {version.page.slug for version in versions})
        if unknown:
            raise CommandError(f"No live page or open draft has the address {', '.join(unknown)}.")
        count = Counter()
        for number, version in enumerate(versions, start=1):
            self._progress(f"{number} of {len(versions)}")
            for finding in content_checks.look(version):
                count[finding.is_error] += 1
                self._progress("")
                self.stdout.write(_line(version, finding))
        self._progress("")
        self.stdout.write(f"Versions: {len(versions)}. Errors: {count[True]}. Advice: {count[False]}.")
        if count[True]:
            sys.exit(1)

    def _progress(self, words):
        if self.stderr.isatty():
            self.stderr.write(f"\r{words:20}\r", ending="")


def _versions(slugs, language):
    """Return the live and the open versions, page by page."""
    found = []
    for model in (ProcedureVersion, ConditionVersion):
        versions = model.objects.filter(state__in=(State.PUBLISHED, *UNPUBLISHED))
        if language:
            versions = versions.filter(page__language=language)
        if slugs:
            versions = versions.filter(page__slug__in=slugs)
        subject = "procedure" if model is ProcedureVersion else "condition"
        found += versions.select_related("page__live_version", f"page__{subject}").order_by(
            "page__slug", "page__language", "number"
        )
    return found


def _line(version, finding):
    with override("en"):
        section = str(section_named(version, finding.section).title)
    kind = "error" if finding.is_error else "advice"
    sentence = " ".join(finding.sentence.split())
    return (
        f"{version.page.slug} ({version.page.language}, {version.get_state_display()}): {section}: {kind}: {sentence}"
    )
