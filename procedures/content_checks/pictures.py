"""Pictures: whether the words for those who cannot see them are words. That there are any, the database sees to."""

import re

from django.utils.translation import gettext as _

from procedures.content_checks.content import Finding, place_of

FILE_NAME = re.compile(r"\S+\.(?:jpe?g|png|gif|webp|avif|svg|mp4|webm|pdf)$|(?:IMG|DSC|PXL|Screenshot)[_ -]?\d", re.I)
ANNOUNCED = {
    "en": re.compile(
        r"(?:an? |the )?(?:image|picture|photo|photograph|graphic|drawing|film|video) (?:of|showing)\b", re.I
    ),
    "es": re.compile(
        r"(?:una? |la |el )?(?:imagen|foto|fotografía|gráfico|dibujo|película|vídeo|video) (?:de|del|que)\b", re.I
    ),
}


def alternative_text(content):
    """Advise on words that are the name of a file, or begin with what a screen reader says by itself."""
    for number, item in enumerate(content.rows.get("media", ())):
        words = item.alternative_text.strip()
        place = place_of("alternative_text", number)
        if FILE_NAME.match(words) or (words and words == item.file.name.rpartition(".")[0]):
            sentence = _("“%(words)s” is the name of a file. Say what the picture shows.") % {"words": words[:80]}
            yield Finding("media", sentence, place, is_error=False)
        elif (announced := ANNOUNCED.get(content.language)) and (match := announced.match(words)):
            sentence = _("Leave out “%(words)s”: screen readers say by themselves that it is a picture.")
            yield Finding("media", sentence % {"words": match[0]}, place, is_error=False)


CHECKS = (alternative_text,)
