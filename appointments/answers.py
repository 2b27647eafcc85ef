"""What a patient has answered so far, read anew at every page against what the clinic offers now."""

import re

from django.utils.functional import cached_property
from django.utils.translation import get_language, gettext

from appointments.forms import FORMS, NO_PREFERENCE, NOT_SURE, ForWhom
from appointments.models import Wish
from appointments.signs import cover, signs_to_ask
from clinic.models import Location, OpeningHours, Urgency
from procedures.models import ProcedurePage, ProcedureVersion

CHECK, EMERGENCY = "check", "emergency"
BEFORE_HOURS_ARE_KNOWN = range(5)
NUMBER_OF_VERSION = r"(?:([a-z]{2,8})-)?([0-9]{1,6})"


class Offered:
    """What the clinic offers now, in the reader's language; each part is read once, when it is first asked for."""

    @cached_property
    def pages(self):
        """The published page of each procedure by its key: in the reader's language where there is one."""
        found = {}
        for page in self._published_pages:
            if page.language == get_language() or page.procedure.key not in found:
                found[page.procedure.key] = page
        return found

    @cached_property
    def _published_pages(self):
        """Every published page, in the order of the procedures (3 queries)."""
        pages = ProcedurePage.objects.published().select_related("procedure")
        pages = pages.prefetch_related("procedure__performed_at", "procedure__evaluated_at")
        return list(pages.order_by("procedure__order", "procedure__key", "language"))

    @property
    def slugs(self):
        """The address of each page, by key of the procedure and language."""
        return {(page.procedure.key, page.language): page.slug for page in self._published_pages}

    def key_of(self, slug):
        """Return the key of the procedure whose page, as offered to this reader, has this address; "" for none."""
        found = [page for page in self.pages.values() if page.slug == slug]
        found.sort(key=lambda page: page.language != get_language())
        return found[0].procedure.key if found else ""

    def version_read(self, key, number):
        """Return the primary key of a version that patients could read of a procedure's page; None for none.

        `number` is typed by whoever made the link: the version's number on the page in the reader's language, or on
        that of another one, such as "en-3".
        """
        read = re.fullmatch(NUMBER_OF_VERSION, number)
        if key not in self.pages or not read:
            return None
        language, number = read.groups()
        versions = ProcedureVersion.objects.filter(page__procedure__key=key, published_at__isnull=False)
        found = versions.filter(page__language=language or get_language(), number=int(number))
        return found.values_list("pk", flat=True).first()

    def slug_for(self, key, language):
        """Return the address of a procedure's page as it is offered to readers of a language; "" for none."""
        others = (slug for (other, _language), slug in self.slugs.items() if other == key)
        return self.slugs.get((key, language)) or next(others, "")

    @cached_property
    def procedures(self):
        """The plain name of each procedure, by key."""
        return {key: page.plain_name for key, page in self.pages.items()}

    @cached_property
    def locations(self):
        """The places in use, by key."""
        return {location.key: location for location in Location.objects.filter(is_open=True)}

    @cached_property
    def places(self):
        """What is said of each place, by key: its name, and for what patients are only examined there."""
        return {key: self._place(location) for key, location in self.locations.items()}

    def _place(self, location):
        only = [key for key in self.pages if self.is_only_examined(procedure=key, location=location.key)]
        if not only:
            return location.name
        if len(only) == len(self.pages):
            return gettext("%(place)s (examinations only)") % {"place": location.name}
        names = ", ".join(self.procedures[key] for key in only)
        return gettext("%(place)s (examinations only for: %(treatments)s)") % {
            "place": location.name,
            "treatments": names,
        }

    def is_only_examined(self, *, procedure, location):
        """Say whether patients are examined for this procedure at this place, but not treated there."""
        if procedure not in self.pages:
            return False
        asked = self.pages[procedure].procedure
        performed, evaluated = (
            {place.key for place in places.all()} for places in (asked.performed_at, asked.evaluated_at)
        )
        return location in evaluated - performed

    def is_performed_anywhere(self, procedure):
        """Say whether a place in use performs this procedure."""
        performed_at = self.pages[procedure].procedure.performed_at.all() if procedure in self.pages else ()
        return any(place.key in self.locations for place in performed_at)

    @cached_property
    def weekdays(self):
        """The weekdays on which the clinic is open anywhere (0 is Monday); Monday to Friday before hours are known."""
        return sorted(set(OpeningHours.objects.values_list("weekday", flat=True))) or list(BEFORE_HOURS_ARE_KNOWN)


class Answers:
    """What a draft says so far: each page's form, read anew from what was typed."""

    def __init__(self, draft):
        self.draft = draft
        self.offered = Offered()
        self._read, self._signs_by_procedure = {}, {}

    def read(self, step, data=None):
        """Return the form of a step over `data`, else over what the draft holds of it (None when it holds nothing)."""
        if data is not None:
            form = FORMS[step](data, offered=self.offered, answers=self)
            # What was typed before, and is not asked now, is kept: another change of mind may bring it back.
            before, asked = self.draft.typed.get(step, {}), form.input_names()
            not_asked = {name: value for name, value in before.items() if name not in asked}
            self.draft.typed[step] = not_asked | form.typed()
            self._read = {step: form}
        if step not in self._read:
            typed = self.draft.typed.get(step)
            is_open = typed is not None
            self._read[step] = FORMS[step](typed, offered=self.offered, answers=self) if is_open else None
        return self._read[step]

    def opened(self, step):
        """Return the form of a step as it is opened: filled in with what was typed, and not judged yet."""
        typed = self.draft.typed.get(step, {})
        form = FORMS[step](offered=self.offered, answers=self)
        values = {name: field.widget.value_from_datadict(typed, {}, name) for name, field in form.fields.items()}
        form.initial = {name: value for name, value in values.items() if value is not None}
        return form

    def is_answered(self, step):
        """Say whether a step's questions are answered as they are asked now."""
        form = self.read(step)
        return form is not None and form.is_valid()

    def first_missing(self):
        """Return the first step that has no good answer, EMERGENCY when a sign cannot wait, None when all is there."""
        for step in FORMS:
            if step == "signs" and self.ticked(Urgency.EMERGENCY):
                return EMERGENCY
            if step in self.steps and not self.is_answered(step):
                return step
        return None

    @property
    def steps(self):
        """The pages of this request, in order.

        Where there never were warning signs there is none about them, and who asks a question does not come.
        """
        left_out = {"needs"} if self.wish == Wish.QUESTION else set()
        if not (self.signs or self.draft.signs):
            left_out.add("signs")
        return [step for step in (*FORMS, CHECK) if step not in left_out]

    # What the forms ask of each other

    def _cleaned(self, step, name, default):
        return self.read(step).cleaned_data[name] if self.is_answered(step) else default

    @property
    def wish(self):
        """What the patient would like; an appointment until they say."""
        return self._cleaned("wish", "wish", Wish.APPOINTMENT)

    @property
    def procedure(self):
        """The key of the procedure, "" when the patient is not sure or has not said."""
        return self._cleaned("wish", "procedure", "").replace(NOT_SURE, "")

    @property
    def location(self):
        """The key of the place, "" without a preference."""
        return self._cleaned("wish", "location", "").replace(NO_PREFERENCE, "")

    @property
    def is_for_someone_else(self):
        """Whether the patient is not the one who fills in the form."""
        return self._cleaned("wish", "for_whom", ForWhom.ME) == ForWhom.SOMEONE_ELSE

    @property
    def signs(self):
        """The warning signs to ask about now."""
        if self.procedure not in self._signs_by_procedure:
            self._signs_by_procedure[self.procedure] = signs_to_ask(self.procedure)
        return self._signs_by_procedure[self.procedure]

    @property
    def signs_are_current(self):
        """Whether the signs that the patient was shown are still all that there are to ask about."""
        same_language = self.draft.signs_language == get_language()
        return cover(self.draft.signs, self.signs, same_language=same_language)

    def signs_to_show(self, *, is_read):
        """Return the signs of the page: those it was drawn with while its answers are read, else those asked now."""
        return self.draft.signs if is_read and self.signs_are_current else self.signs

    def show_signs(self, form):
        """Note which signs the patient is being shown: those of now, unless `form` shows again what they had."""
        if not (form.is_bound and self.signs_are_current):
            self.draft.signs, self.draft.signs_language = self.signs, get_language()

    def ticked(self, urgency):
        """Return the signs of this urgency that the patient has, whatever else is wrong with their page."""
        ticked = self.draft.typed.get("signs", {}).get("signs", [])
        return [sign for sign in self.draft.signs if sign["key"] in ticked and sign["urgency"] == urgency]

    def in_readers_language(self, signs):
        """Return signs as the reader's language words them, for one who has changed it since they were shown."""
        if self.draft.signs_language == get_language():
            return signs
        worded = {sign["key"]: sign for sign in self.signs}
        return [worded.get(sign["key"], sign) for sign in signs]

    def to_send(self):
        """Return all answers as `workflow.submit` takes them; every step must be answered."""
        ticked = self._cleaned("signs", "signs", [])
        matter, person = self.read("matter").cleaned_data, self.read("person").cleaned_data
        name, born = ("patient_name", "patient_born") if self.is_for_someone_else else ("full_name", "date_of_birth")
        return {
            "wish": str(self.wish),
            "procedure": self.procedure,
            "location": self.location,
            "signs": [
                {key: sign[key] for key in ("key", "text", "urgency")} | {"ticked": sign["key"] in ticked}
                for sign in self.draft.signs
            ],
            "matter": matter["matter"],
            "full_name": person[name],
            "email": person["email"],
            "phone": person["phone"],
            "date_of_birth": person[born].isoformat() if person[born] else "",
            "preferences": self._preferences(matter, person),
            "helper": self._helper(person),
            "wants_details": person["wants_details"],
        }

    def _preferences(self, matter, person):
        needs = self.read("needs").cleaned_data if "needs" in self.steps else {}
        return {
            "times": matter.get("times", []),
            "sooner": matter.get("sooner", False),
            "reach_by": person["reach_by"],
            "reach_when": person["reach_when"],
            "leave_message": person["leave_message"],
            "interpreter": needs.get("interpreter", ""),
            "step_free": needs.get("step_free", False),
            "other_needs": needs.get("other_needs", ""),
            "records": matter.get("records", []),
        }

    def _helper(self, person):
        """Return who asks for the patient, and whom the contact details are of; empty when patients ask themselves."""
        if not self.is_for_someone_else:
            return {}
        return {"full_name": person["full_name"], "relation": person["relation"], "call": person["call"]}
