"""Every address that the site has, read from its own map, with something behind each wherever a test can make it."""

from django.contrib import admin
from django.core.files.base import ContentFile
from django.urls import URLPattern, get_resolver, reverse
from django.utils.translation import override

from appointments.models import Note, TrackingLink
from clinic.stored_files import store
from procedures.models import (
    ConditionComment,
    ConditionPage,
    ConditionVersion,
    ProcedureComment,
    ProcedureVersion,
    ReviewInvitation,
)
from tests.appointments.factories import link_to, make_request
from tests.appointments.offer import make_offer
from tests.clinic.uploads import png
from tests.procedures.factories import make_feedback, make_in_review, make_invitation
from tests.procedures.published import make_condition, publish_in_both_languages
from tests.staff import make_staff

# What an address of the desk tells besides its row, where the row's kind does not say.
SAID = {
    "name": "claim",
    "key": "names",
    "purpose": "received",
    "language": "en",
    "app_label": "clinic",
    "url": "nothing",
}


class Place:
    """A small clinic in which most addresses lead to something."""

    def __init__(self):
        make_offer()
        fracture = make_condition("fracture")
        publish_in_both_languages(fracture, ("fracture", "fractura"))
        self.request = make_request(procedure="kyphoplasty", location="north")
        self.token = link_to(self.request)
        self.superuser = make_staff("root", is_superuser=True)
        self.file = store(ContentFile(png(), name="spine.png"))
        make_feedback(fracture.pages.first())
        Note.objects.create(request=self.request, text="Call in the morning.", written_by=self.superuser)
        self.review_token = link_to_a_review()
        comment_on_the_newest()

    def address(self, name, arguments, language="en"):
        """Return the address of a view by its name."""
        with override(language):
            return reverse(name, kwargs={each: self.value(name, each) for each in arguments})

    def value(self, name, argument):
        """Return what stands in an address for one of its parts."""
        values = {
            "token": self.review_token if name.startswith("procedures:review") else self.token,
            "way": "phone",
            "digest": self.file.hash,
            "offer": 1,
            "note": _newest(Note),
            "link": _newest(TrackingLink),
            "version_id": _newest(ConditionVersion if "condition" in name else ProcedureVersion),
            "content_type_id": 1,
            "first": "kyphoplasty",
            "second": "kyphoplasty",
        }
        if name == "media":
            values["name"] = self.file.name
        if name == "appointments:change":
            values["name"] = "withdraw"
        if name.endswith("version_answer") and argument == "number":
            return _newest(ConditionComment if "condition" in name else ProcedureComment)
        if name == "admin:language_pair":
            spanish = ConditionPage.objects.filter(language="es").order_by("pk").last()
            return "condition" if argument == "kind" else spanish.pk
        if name.endswith("version_revoke") and argument == "number":
            kind = "condition" if "condition" in name else "procedure"
            return ReviewInvitation.objects.filter(**{f"{kind}_version__isnull": False}).first().pk
        if argument in ("object_id", "pk") and name != "admin:view_on_site":
            return _newest(_model_of(name))
        if argument == "object_id":
            return 1
        if argument == "slug":
            return "north" if "location" in name else "fracture" if "condition" in name else "kyphoplasty"
        return values.get(argument) or SAID.get(argument, 1)


def comment_on_the_newest():
    """Write a comment on the newest version of each kind, as somebody without an account."""
    for model in (ProcedureVersion, ConditionVersion):
        if version := model.objects.order_by("pk").last():
            version.comments.create(section="names", words="Is that so?", by_name="Dr. Ana Aster")


def link_to_a_review():
    """Make a version in review, with a private link to it whose token is returned, and one to the newest condition."""
    manager, token = make_staff("who-invites"), "0123456789abcdef"
    make_invitation(make_in_review(), token=token, by=manager)
    make_invitation(ConditionVersion.objects.order_by("pk").last(), by=manager)
    return token


def names():
    """Return (name, its arguments) of every view that has a name, once."""
    return sorted(set(_names(get_resolver(), ())))


def _names(resolver, spaces):
    for each in resolver.url_patterns:
        if not isinstance(each, URLPattern):
            yield from _names(each, (*spaces, *filter(None, [each.namespace])))
        elif each.name:
            yield ":".join((*spaces, each.name)), tuple(each.pattern.regex.groupindex)


def _model_of(name):
    ours = [
        model
        for model in admin.site._registry
        if name.startswith(f"admin:{model._meta.label_lower}_".replace(".", "_"))
    ]
    return max(ours, key=lambda model: len(model._meta.label))


def _newest(model):
    row = model._base_manager.order_by("pk").last()
    return row.pk if row else 1
