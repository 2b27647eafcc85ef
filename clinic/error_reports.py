"""What a report of an error says, wherever somebody has it sent: where it arose, and nothing that a person typed."""

from django.conf import settings
from django.views.debug import ExceptionReporter

from clinic.log_filters import where_it_arose


class PrivateReporter(ExceptionReporter):
    """Django's report holds the form that was sent, cookies, and every variable on the way; this one holds places.

    The pages of DEBUG, which answers on this machine only, stay Django's.
    """

    def get_traceback_text(self):
        """Return the kinds of the errors and where they arose."""
        return super().get_traceback_text() if settings.DEBUG else where_it_arose(self.exc_value)

    def get_traceback_html(self):
        """Return nothing: the text says it all."""
        return super().get_traceback_html() if settings.DEBUG else ""
