"""The clinic's own texts that lead to a page of the site: for whoever is about to take that page off."""

from appointments.models import MessageWording, SavedReply


def texts_that_lead_to(address):
    """Yield the names of saved replies, and of messages in the clinic's words, that link to an Address (2 queries)."""
    for model in (SavedReply, MessageWording):
        for row in model.objects.filter(address.where("text")):
            if address.stands_in(row.text):
                yield f"{row._meta.verbose_name}: {row}"
