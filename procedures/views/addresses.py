"""Where a page stands in each language."""

from django.conf import settings

from procedures.around import address_in


def tell_addresses(request, addresses):
    """Tell where this page stands in each language ({code: path}); in the others the list of procedures stands in."""
    lists = {code: address_in(code, "procedures:procedure_list") for code, _name in settings.LANGUAGES}
    request.addresses, request.elsewhere = lists | addresses, lists.keys() - addresses.keys()
