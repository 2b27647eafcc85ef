"""Tells what was forged from a slip: what a page as it was served could not have sent is one line in the log.

People leave fields empty, mistype dates and paste too much, all day; that is answered beside the field and logged
nowhere. A choice that was not in the list, a field that came twice, a character that no keyboard types, a seal that is
not ours come from somebody who does not use the page. One line for each request names the kind, the form and the field,
never a value. A page that stayed open while a list changed may give one too: the line warns, it decides nothing.

No form needs to know of this. The renderer of all forms (settings.FORM_RENDERER) lets each field tell that its form was
read, and the middleware looks at those forms once the answer is there. Other parts call `note`.
"""

import logging
import re
from contextvars import ContextVar

from django import forms
from django.forms.boundfield import BoundField
from django.forms.renderers import TemplatesSetting

logger = logging.getLogger(__name__)

CHOICE = "choice that was not offered"
TOO_LONG = "longer than its maxlength"
TWICE = "single field that came twice"
CHARACTER = "character that no keyboard types"
HIDDEN = "hidden field that was altered"
SEAL = "seal that is not ours"
DECOY = "field that nobody sees"
MOVE = "move that was not offered"

MOST_NAMED = 10
NOT_IN_LIST = {"invalid_choice", "invalid_list", "invalid_pk_value"}
# NUL and its like, and what turns the direction by force. Tabs, breaks and what telephones put around a number
# (embeddings, isolates, spaces without width) come with honest pasting.
NO_KEYBOARD = re.compile("[\x00-\x08\x0e-\x1f\x7f\u202d\u202e\ud800-\udfff]")
# Browsers take breaks out of a field of one line.
NO_KEYBOARD_IN_ONE_LINE = re.compile(f"{NO_KEYBOARD.pattern}|[\r\n]")
BREAK = re.compile("\r\n?")

_post = ContextVar("what came with the post that is being answered", default=None)


class Post:
    """One post while it is answered: the forms that read it, and what of it no page could have sent."""

    def __init__(self):
        self.forms, self.found = {}, {}


def in_the_log(get_response):
    """Write one line for a post that no page of ours could have sent."""

    def answer(request):
        if request.method != "POST":
            return get_response(request)
        post = Post()
        token = _post.set(post)
        try:
            response = get_response(request)
        finally:
            _post.reset(token)
        # Where the post could not be read at all, asking for it again would fail again.
        for form in post.forms.values() if hasattr(request, "_post") else ():
            post.found |= dict.fromkeys(found_in(form, request.POST))
        if post.found:
            view = request.resolver_match.view_name if request.resolver_match else "no page"
            found = "; ".join(list(post.found)[:MOST_NAMED])
            logger.warning("Not from a page of ours, to %s (%d): %s", view, response.status_code, found)
        return response

    return answer


def note(kind, *, where):
    """Note that the post that is being answered could not come from a page of ours; `where` is a name of ours."""
    if (post := _post.get()) is not None:
        post.found[f"{kind}: {where}"] = None


class NotedField(BoundField):
    """A field of a form, which tells that the form is read."""

    def __init__(self, form, field, name):
        super().__init__(form, field, name)
        if (post := _post.get()) is not None:
            post.forms[id(form)] = form


class Renderer(TemplatesSetting):
    """Draws forms with the site's templates."""

    bound_field_class = NotedField


def found_in(form, posted):
    """Return, in words, what of a form that was judged no page could have sent. `posted` is the QueryDict that came.

    What a form reads again of an earlier page did not come with this post, and is left out.
    """
    if not form.is_bound or form._errors is None:
        return []
    errors, found = form.errors.as_data(), []
    for field in form:
        came = {name: posted.getlist(name) for name in _names_of(field) if name in posted}
        if came:
            codes = {error.code for error in errors.get(field.name, ())}
            where = f"{type(form).__name__}.{field.name}"
            found += [f"{kind}: {where}" for kind in _kinds(field, came.values(), codes)]
    return found


def _kinds(field, came, codes):
    widget = _widget_of(field)
    texts = [text for each in came for text in each]
    if codes & NOT_IN_LIST:
        yield CHOICE
    if field.is_hidden and codes:
        yield HIDDEN
    if not _takes_several(widget) and any(len(each) > 1 for each in came):
        yield TWICE
    pattern = NO_KEYBOARD if isinstance(widget, forms.Textarea) or field.is_hidden else NO_KEYBOARD_IN_ONE_LINE
    if any(pattern.search(text) for text in texts):
        yield CHARACTER
    longest = widget.attrs.get("maxlength")
    if longest is not None and any(len(BREAK.sub("\n", text)) > int(longest) for text in texts):
        yield TOO_LONG


def _widget_of(field):
    """Return the widget of a field, without what the admin wraps around one that leads to other rows."""
    return getattr(field.field.widget, "widget", field.field.widget)


def _names_of(field):
    widget = _widget_of(field)
    if isinstance(widget, forms.MultiWidget):
        return [f"{field.html_name}{suffix}" for suffix in widget.widgets_names]
    return [field.html_name]


def _takes_several(widget):
    return getattr(widget, "allow_multiple_selected", False) or isinstance(widget, forms.MultipleHiddenInput)
