"""How a page is shown together with what it tells machines."""

from django.shortcuts import render

from clinic.context_processors import read_clinic
from procedures import structured_data


def show(request, template, context, told):
    """Render a page with what it tells machines: the nodes that `told` returns for the clinic. A preview tells none."""
    clinic = read_clinic()
    nodes = [] if context.get("preview") else told(clinic)
    data = structured_data.as_json(nodes) if nodes else ""
    return render(request, template, {**context, "clinic": clinic, "structured_data": data})
