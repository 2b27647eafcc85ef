"""What a page cannot go without, and why: a table a kind of page, one line a field or section.

A patient who agrees to a treatment has been told what it is, what it is for, what it risks and what else there is
(AMA Code of Medical Ethics, opinion 2.1.1); one who goes home knows what is allowed and when to get help. The rest of
the anatomy (a best time, questions, pictures) is left out where there is nothing to say.
"""

from django.utils.translation import gettext_lazy as _

from procedures.content_checks.content import Finding, place_of
from procedures.models import ConditionVersion, ProcedureVersion

# (section, field of the version or "" for at least one row): the sentence to the editor.
NAMES = {
    ("names", "plain_name"): _("Write the plain name: what a patient would call it."),
    ("names", "summary"): _("Write the summary: 1 or 2 sentences that say what it is."),
}
SOURCES = {("sources", ""): _("Name the sources: a page says where its facts come from.")}
SIGNS = {("warning_signs", ""): _("Add the warning signs: readers must know when to get help, and how fast.")}
NEEDED = {
    ProcedureVersion: {
        **NAMES,
        ("aim", "aim"): _("Write what it aims at, so that nobody expects more of it than it does."),
        ("aim", "who_may_benefit"): _("Write who it may help: readers look for themselves in it."),
        ("aim", "who_should_not"): _("Write who should not have it: whoever reads on must not find out too late."),
        ("aim", "other_choices"): _("Write the other choices, or that there is none: without them nobody can choose."),
        **SOURCES,
        ("steps", ""): _("Add the steps: patients agree to what they know will happen."),
        ("milestones", ""): _("Add the recovery: what patients may and must not do, and on which days."),
        **SIGNS,
        ("risks", ""): _("Add the risks: nobody can agree to a treatment without them."),
    },
    ConditionVersion: {
        **NAMES,
        ("about", "what_it_is"): _("Write what it is: what is wrong, in words that a patient would use."),
        ("about", "symptoms"): _("Write what patients feel: it tells readers whether this is about them."),
        ("care", "treatments"): _("Write how it is treated: readers come to know what can be done."),
        ("care", "when_to_seek_help"): _("Write when to seek help: what can wait, and what cannot."),
        **SOURCES,
        **SIGNS,
    },
}


def missing(content):
    """Find what the page cannot go without and does not have."""
    for (section, field), sentence in NEEDED[type(content.version)].items():
        held = getattr(content.version, field).strip() if field else content.rows[section]
        if not held:
            yield Finding(section, str(sentence), place_of(field))


CHECKS = (missing,)
