"""The lint for what could make typed words active finds each kind of fault, and lets no idle permission stand."""

import pytest

from tests.safety_lint import ALLOWED, RULES, Allowed, complaints, findings

# One planted fault a rule, and the same thing done well.
FAULTS = {
    "safe filter": ("{{ words|safe }}", "{{ words }}{# never |safe #}", ".html"),
    "autoescape off": ("{% autoescape off %}{{ words }}{% endautoescape %}", "{% autoescape on %}", ".html"),
    "mark_safe": ("return mark_safe(words)", "return escape(words)", ".py"),
    "is_safe": ("register.filter(is_safe=True)", "register.filter()", ".py"),
    "format_html": ('format_html(f"<b>{words}</b>")', 'format_html("<b>{}</b>", words)', ".py"),
    "__html__": ("def __html__(self): ...", "def __str__(self): ...", ".py"),
    "style attribute": ('<p class="a" style="color: red">', '<p class="style">', ".html"),
    "style element": ("<style>p {}</style>", '<link rel="stylesheet" href="/a.css">', ".html"),
    "inline script": ("<script>go()</script>", '<script src="/a.js"></script>', ".html"),
    "event attribute": ('<img src="a.png" onerror="go()">', '<input name="once" value="1">', ".html"),
    "script address": ('<a href="javascript:go()">', '<a href="/javascript/">', ".html"),
    "unquoted value": ("<input value={{ words }}>", '<input value="{{ words }}">', ".html"),
    "new window": (
        '<a href="/a/" target="_blank">',
        '<a href="/a/" target="_blank" rel="noopener">',
        ".html",
    ),
    "another site": ('<img src="https://evil.example/a.png">', '<a href="https://clinic.example/">', ".html"),
    "plain http": ('<a href="http://clinic.example/">', '<a href="https://clinic.example/">', ".html"),
    "script sink": ("box.innerHTML = words", "box.textContent = words; evaluate()", ".js"),
    "csrf_exempt": ("@csrf_exempt\ndef view(request): ...", "def view(request): ...", ".py"),
    "raw SQL": ('rows.raw("SELECT 1")', "rows.filter(pk=1)", ".py"),
}
MORE_FAULTS = [
    ("format_html", 'format_html("<b>%s</b>" % words)', ".py"),
    ("format_html", 'format_html("<b>{}</b>".format(words))', ".py"),
    ("format_html", "format_html(pattern, words)", ".py"),
    ("format_html", 'format_html_join(glue, "<b>{}</b>", rows)', ".py"),
    ("mark_safe", "html.SafeString(words)", ".py"),
    ("script sink", "eval (words)", ".js"),
    ("script sink", "document.write(words)", ".html"),
    ("script sink", "setTimeout('go()', 1)", ".js"),
    ("event attribute", "<body\nonload={{ words }}>", ".svg"),
    ("another site", '<script src="//evil.example/a.js"></script>', ".html"),
]


def found(text, ending):
    return {name for name, _line in findings(text, ending)}


@pytest.mark.parametrize("rule", RULES)
def test_each_rule_finds_its_fault_and_leaves_the_cure(rule):
    fault, cure, ending = FAULTS[rule]
    assert rule in found(fault, ending)
    assert rule not in found(cure, ending)


@pytest.mark.parametrize(("rule", "fault", "ending"), MORE_FAULTS)
def test_a_fault_is_found_in_other_clothes(rule, fault, ending):
    assert rule in found(fault, ending)


def test_our_own_files_have_no_fault_and_no_permission_that_nothing_needs():
    assert complaints() == []


def test_a_permission_says_why_and_by_which_test():
    assert all(len(each.why) > 20 and each.test.startswith("tests/") for each in ALLOWED.values())


def test_a_fault_is_told_with_its_place_and_one_permission_covers_one_fault(tmp_path):
    (tmp_path / "templates").mkdir()
    page = tmp_path / "templates" / "page.html"
    page.write_text("<p>\n{{ a|safe }}\n{{ b|safe }}")
    assert [each.split(":")[:2] for each in complaints(tmp_path, {})] == [
        ["templates/page.html", "2"],
        ["templates/page.html", "3"],
    ]
    allowed = {("safe filter", "templates/page.html"): Allowed(1, "", "templates/page.html")}
    assert len(complaints(tmp_path, allowed)) == 1
    page.write_text("<p>")
    assert complaints(tmp_path, allowed) == ["templates/page.html: safe filter: allowed more often than it is used"]
