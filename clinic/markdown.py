"""Turns editors' Markdown into safe HTML: raw HTML is off, and what comes out passes an allow-list besides."""

from functools import cache

from django.utils.safestring import mark_safe

TAGS = {"p", "br", "strong", "em", "ul", "ol", "li", "a", "h2", "h3", "h4", "blockquote", "hr"}
# "*" stands for every element: without it, the cleaner lets `title` and `lang` through.
ATTRIBUTES = {"*": set(), "a": {"href"}, "ol": {"start"}}
SCHEMES = {"http", "https", "mailto", "tel"}


@cache
def _parser():
    from markdown_it import MarkdownIt

    return MarkdownIt("commonmark", {"html": False}).disable("image")


def render_markdown(text):
    """Return the HTML of a Markdown text, safe to show; "" for an empty text."""
    import nh3

    if not text.strip():
        return ""
    html = _parser().render(text)
    clean = nh3.clean(html, tags=TAGS, attributes=ATTRIBUTES, url_schemes=SCHEMES, link_rel="noopener")
    return mark_safe(clean.strip())  # noqa: S308  # nosec B308 B703  # cleaned against the allow-list above


def parse_markdown(text):
    """Return the tokens of a Markdown text, for what looks at its headings, links and words rather than shows it."""
    return _parser().parse(text)
