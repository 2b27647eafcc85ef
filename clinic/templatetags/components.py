"""What the page components and the form pack need and a template cannot say for itself.

Most components are plain includes (`templates/_components/`); a tag is here only where a component has a body.
All return text or rendered templates, so autoescaping stays in force.
"""

from django import forms, template
from django.forms.formsets import BaseFormSet
from django.template.loader import render_to_string

register = template.Library()


# Components with a body


@register.simple_block_tag
def notice(content, kind="info", title=""):
    """Draw a notice around the body. `kind` is info, success or warning; `title` is its first, bold line."""
    return render_to_string("_components/notice.html", {"kind": kind, "title": title, "content": content})


@register.simple_block_tag
def disclosure(content, title, is_open=False):
    """Draw a `<details>` around the body, closed unless `is_open`; it prints opened."""
    return render_to_string("_components/disclosure.html", {"title": title, "is_open": is_open, "content": content})


@register.simple_block_tag
def kept(content):
    """Keep what the body says, so that it can be said more than once: {% kept as name %}…{% endkept %}."""
    return content


# The form pack


@register.filter
def drawn_as(field):
    """Say which part of `forms/field.html` draws a bound field: options, parts, tick or control."""
    widget = field.field.widget
    if isinstance(widget, forms.MultiWidget):
        return "parts"
    if isinstance(widget, forms.RadioSelect | forms.CheckboxSelectMultiple):
        return "options"
    if isinstance(widget, forms.CheckboxInput):
        return "tick"
    return "control"


@register.simple_tag
def control(field):
    """Render a bound field's widget with its help and errors attached.

    Django leaves `aria-describedby` to the fieldset for every widget that can stand in one; a file input stands alone
    here, so it gets its own.
    """
    described_by = field.aria_describedby if field.use_fieldset else ""
    return field.as_widget(attrs={"aria-describedby": described_by} if described_by else None)


@register.filter
def parts(field):
    """List the inputs of a bound MultiWidget field as `{"id", "label", "widget"}`; labels are those of its `fields`.

    `widget` is what Django's own widget templates draw.
    """
    attrs = field.build_widget_attrs({"id": field.auto_id})
    subwidgets = field.field.widget.get_context(field.html_name, field.value(), attrs)["widget"]["subwidgets"]
    labels = [part.label for part in getattr(field.field, "fields", ())]
    labels += [None] * (len(subwidgets) - len(labels))
    return [
        {"id": widget["attrs"].get("id", ""), "label": label, "widget": widget}
        for widget, label in zip(subwidgets, labels, strict=True)
    ]


@register.filter
def problems(form):
    """List what a bound form or formset was refused for, in the order of its fields.

    Each is `{"text", "target"}`: the message, and the id of the input to go to ("" where there is none). A form that
    was not filled in yet, or none at all, has no problems.
    """
    if isinstance(form, BaseFormSet):
        found = [{"text": text, "target": ""} for text in form.non_form_errors()]
        for each in form.forms:
            found += problems(each)
        return found
    if not getattr(form, "errors", None):
        return []
    found = [{"text": text, "target": ""} for text in form.non_field_errors()]
    for field in form:
        found += [{"text": text, "target": _first_input_id(field)} for text in field.errors]
    return found


def _first_input_id(field):
    if field.is_hidden:
        return ""
    if drawn_as(field) in ("options", "parts"):
        return f"{field.auto_id}_0" if field.auto_id else ""
    return field.id_for_label
