"""A form that keeps one person from undoing, unseen, what another saved while it was open."""

from django import forms
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from clinic import stale
from clinic.typed_text import PlainForm


class CarefulForm(PlainForm, forms.ModelForm):
    """A form of the admin that is refused, once, when somebody else changed the same row after it was opened.

    The page carries `snapshot`, and shows `compared` (rows for the component `stale`). Saving again from there is a
    decision made in knowledge of theirs. A form that does not say what was seen is not judged.
    """

    compared = ()

    @property
    def snapshot(self):
        """What is stored now, signed, for the browser to carry; "" for a row that is new."""
        return "" if self.instance._state.adding else stale.snapshot(self._stored(), of=self._name())

    def clean(self):
        """Refuse what would undo a change that the writer has not seen."""
        values = super().clean()
        seen = stale.read_snapshot(self.data.get("snapshot", ""), of=self._name())
        if seen is not None:
            stored, typed = self._stored(), {name: self._words(name, value) for name, value in values.items()}
            labels = {name: self.fields[name].label for name in stored if name in seen and name in typed}
            rows = stale.compare(labels, seen, stored, typed)
            self.compared = [row for row in rows if row.theirs not in (row.original, row.mine)]
        if self.compared:
            self.add_error(None, _("Somebody changed this while you had it open. Compare, then save again."))
        return values

    def _name(self):
        return f"{self.instance._meta.label}/{self.instance.pk}"

    def _stored(self):
        return {
            name: self._words(name, self.get_initial_for_field(field, name))
            for name, field in self.fields.items()
            if not field.disabled
        }

    def _words(self, name, value):
        field = self.fields[name]
        value = field.prepare_value(value)
        if isinstance(value, dict):
            return "\n".join(f"{code}: {text}" for code, text in sorted(value.items()))
        if isinstance(value, bool):
            return gettext("yes") if value else gettext("no")
        labels = {str(choice): str(label) for choice, label in getattr(field, "choices", ())}
        values = value if isinstance(value, (list, tuple, set)) else [value]
        texts = sorted("" if each is None else str(each) for each in values)
        return "\n".join(labels.get(text, text) for text in texts).replace("\r\n", "\n")
