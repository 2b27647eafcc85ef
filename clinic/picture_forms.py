"""A form with a picture: chosen, replaced or taken off, and described or marked decorative before it is saved."""

from django import forms
from django.conf import settings
from django.core.files.uploadedfile import UploadedFile
from django.utils.translation import gettext_lazy as _

from clinic.models import PICTURE_UNDECIDED, StoredFile
from clinic.stale_forms import CarefulForm
from clinic.stored_files import forget_unused, is_file_name, store_picture

NAMES_THE_FILE = _("This is the name of a file. Write what the picture shows.")


class PictureWidget(forms.ClearableFileInput):
    """The picture that is there, a tick to take it off, and a place to choose another."""

    template_name = "django/forms/widgets/picture.html"
    use_fieldset = True
    clear_checkbox_label = _("Take this picture off")

    def is_initial(self, value):
        """Say whether there is a picture to show."""
        return isinstance(value, StoredFile)


class PictureField(forms.FileField):
    """Takes an upload and returns it stored (a StoredFile); None where there is no picture."""

    widget = PictureWidget
    default_error_messages = {
        "empty": _("This file is empty. Choose another."),
        "contradiction": _("Choose another picture, or take this one off: one of the two."),
    }

    def bound_data(self, data, initial):
        """What a form shows again is the picture that is there: no browser is given back what was chosen."""
        return initial

    def clean(self, data, initial=None):
        """Return the StoredFile of what was chosen; what was there before where nothing was."""
        value = super().clean(data, initial)
        return store_picture(value) if isinstance(value, UploadedFile) else value or None


class PicturedForm(CarefulForm):
    """A form of a row with a picture; there is none without a decision on the words in its place."""

    picture = PictureField(
        label=_("Picture"),
        required=False,
        help_text=_("PNG, JPEG or WebP, at most 5 MB."),
    )

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.initial["picture"] = self.instance.picture

    def clean(self):
        """Refuse a picture that is neither described nor decorative."""
        values = super().clean()
        is_described = bool(values.get("alternative_text", {}).get(settings.LANGUAGE_CODE))
        if values.get("picture") and is_described == bool(values.get("is_decorative")):
            self.add_error("alternative_text", PICTURE_UNDECIDED)
        elif values.get("picture") and any(
            is_file_name(text, values["picture"]) for text in values.get("alternative_text", {}).values()
        ):
            self.add_error("alternative_text", NAMES_THE_FILE)
        return values

    def _post_clean(self):
        """Let go of a file that came with a refused form: a browser does not send it again by itself."""
        super()._post_clean()
        chosen = self.cleaned_data.get("picture")
        if self.errors and chosen and chosen != self.initial["picture"]:
            self.instance.picture = self.initial["picture"]
            self.add_error("picture", _("Choose the picture again: it was not kept."))
            forget_unused(chosen)

    def _words(self, name, value):
        if name != "picture":
            return super()._words(name, value)
        return f"{value.name} ({value.hash[:8]})" if value else ""
