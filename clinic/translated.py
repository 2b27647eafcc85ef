"""Short texts of the clinic itself, kept in every language of the site in one column.

Procedure pages have a page a language, since each is signed off on its own. A location's directions or a warning sign's
words are one row in all languages; a further language needs no new column.
"""

from django import forms
from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import models
from django.utils.text import capfirst
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _


def language_choices():
    """Return the site's languages, so that columns need no migration when one is added."""
    return settings.LANGUAGES


class Translated(dict):
    """A text by language code; as a string, the one in the reader's language, else in the site's own."""

    def __str__(self):
        return self.get(self.language()) or ""

    def language(self):
        """Return the code of the language in which the text is shown: the reader's, else the site's own."""
        reading = get_language() or settings.LANGUAGE_CODE
        return reading if self.get(reading) else settings.LANGUAGE_CODE

    def __html__(self):
        raise TypeError("A translated text is not markup; render it first.")

    def is_missing(self, language):
        """Say whether the text has yet to be written in this language."""
        return not self.get(language)


class TranslatedWidget(forms.MultiWidget):
    """One input a language, each with its language's name."""

    template_name = "django/forms/widgets/translated.html"

    def __init__(self, widget=forms.TextInput, attrs=None):
        widgets = {code: widget(attrs={"lang": code}) for code, name in settings.LANGUAGES}
        super().__init__(widgets, attrs)

    def decompress(self, value):
        return [(value or {}).get(code, "") for code, name in settings.LANGUAGES]

    def get_context(self, name, value, attrs):
        context = super().get_context(name, value, attrs)
        for subwidget, (_code, language) in zip(context["widget"]["subwidgets"], settings.LANGUAGES, strict=True):
            subwidget["language"] = language
        return context


class TranslatedFormField(forms.MultiValueField):
    """Reads one text a language; the site's own language is needed, the others are asked for."""

    def __init__(self, *, widget=forms.TextInput, max_length=None, **kwargs):
        fields = [
            forms.CharField(label=name, required=False, max_length=max_length) for code, name in settings.LANGUAGES
        ]
        super().__init__(fields, widget=TranslatedWidget(widget), require_all_fields=False, **kwargs)
        own_language = dict(settings.LANGUAGES)[settings.LANGUAGE_CODE]
        self.error_messages["required"] = _("Write this text in %(language)s at least.") % {"language": own_language}

    def compress(self, values):
        texts = zip(settings.LANGUAGES, values, strict=True) if values else ()
        return Translated({code: text for (code, name), text in texts if text})

    def clean(self, value):
        cleaned = super().clean(value)
        if self.required and not cleaned.get(settings.LANGUAGE_CODE):
            raise ValidationError(self.error_messages["required"], code="required")
        return cleaned


class TranslatedField(models.JSONField):
    """A text in every language of the site; `long` for one of several lines."""

    def __init__(self, *args, long=False, **kwargs):
        self.long = long
        kwargs.setdefault("default", Translated)
        super().__init__(*args, **kwargs)

    def from_db_value(self, value, expression, connection):
        return Translated(super().from_db_value(value, expression, connection) or {})

    def to_python(self, value):
        return Translated(value or {})

    def formfield(self, **kwargs):
        widget = forms.Textarea if self.long else forms.TextInput
        kwargs.pop("widget", None)
        options = {"label": capfirst(self.verbose_name), "help_text": self.help_text, "required": not self.blank}
        return TranslatedFormField(widget=widget, **options)
