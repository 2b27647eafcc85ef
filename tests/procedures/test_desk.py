"""The editors' desk: pages, the overview of a version, and its buttons, each for its roles."""

from datetime import timedelta
from types import SimpleNamespace

import pytest
from django.contrib import admin
from django.contrib.admin.models import LogEntry
from django.urls import reverse
from django.utils import timezone

from audit.models import Event
from clinic.models import PageStamp
from procedures import publishing
from procedures.admin.pages import admin_url
from procedures.models import Condition, Procedure, ProcedurePage, ProcedureVersion, State
from tests.procedures.desk import fields_of, press, signed_in
from tests.procedures.factories import (
    COMMAND,
    NEEDED,
    enough,
    figure,
    full_draft,
    make_clinician,
    make_condition,
    make_draft,
    make_in_review,
    make_page,
    make_procedure,
    make_published,
    make_signed_off,
    save,
)

pytestmark = pytest.mark.django_db

NEEDED_RISK = NEEDED[ProcedureVersion]["risks"]
PAGES = "/admin/procedures/procedurepage/"


def overview(client, version):
    return client.get(admin_url(version, "change"))


def states(client, version):
    """Return the names of the buttons that the overview offers, and of those it refuses."""
    context = overview(client, version).context
    return [button.name for button in context["possible"]], [button.name for button in context["impossible"]]


# Pages


def test_the_list_says_of_each_page_what_patients_read_and_what_is_being_written(editor):
    live = make_published()
    draft = publishing.open_draft(page=live.page, by=COMMAND)
    make_page(slug="nothing-yet")
    text = signed_in(editor).get(PAGES).content.decode()
    for words in ("Balloon repair", "version 1", "version 2, draft", "nothing-yet", "not on the site", "2027"):
        assert words in text
    assert admin_url(draft, "change") in text


def test_a_page_past_its_review_date_says_so_to_staff(editor, reception):
    overdue, current = make_published().page, make_published().page
    due = timezone.localdate() - timedelta(days=1)
    ProcedureVersion.objects.filter(page=overdue).update(reviewed_on=due - timedelta(days=365), next_review_due=due)
    client = signed_in(editor)
    start = client.get("/admin/").content.decode()
    assert "1 page about a procedure is past its review date." in start
    assert "about a condition" not in start
    assert f'href="{PAGES}?review=overdue"' in start
    listed = client.get(PAGES).content.decode()
    assert listed.count("overdue since") == 1
    found = client.get(PAGES, {"review": "overdue"}).context["cl"].queryset
    assert (list(found), current in found) == ([overdue], False)
    assert "past its review date" not in signed_in(reception).get("/admin/").content.decode()


def test_the_list_takes_as_many_queries_for_many_pages(editor, django_assert_num_queries):
    client = signed_in(editor)
    for _time in range(2):
        for _each in range(4):
            publishing.open_draft(page=make_published().page, by=COMMAND)
        with django_assert_num_queries(5):
            assert client.get(PAGES).status_code == 200


def test_the_list_finds_a_page_and_bears_any_search(editor):
    make_published()
    client = signed_in(editor)
    assert "Balloon repair" in client.get(PAGES, {"q": "balloon"}).content.decode()
    assert "No page was found" in client.get(PAGES, {"q": "knee"}).content.decode()
    for hostile in ("\x00", "%", "'\"<script>", "x" * 5000):
        response = client.get(PAGES, {"q": hostile})
        assert response.status_code < 500
        assert "<script>" not in response.content.decode()


@pytest.mark.parametrize("kind", ["procedure", "condition", "missedsearch", "feedback"])
def test_a_list_that_cannot_be_searched_offers_no_search_for_a_page(editor, kind):
    shown = signed_in(editor).get(f"/admin/procedures/{kind}/").content.decode()
    assert "searchbar" not in shown
    assert "There is no page yet" not in shown


def test_an_editor_adds_a_procedure_and_its_page_and_starts_a_draft(editor):
    client = signed_in(editor)
    client.post("/admin/procedures/procedure/add/", {"key": "vertebroplasty", "order": 3})
    procedure = Procedure.objects.get(key="vertebroplasty")
    values = {"procedure": procedure.pk, "language": "en", "slug": "vertebroplasty"}
    response = client.post(f"{PAGES}add/", values)
    page = ProcedurePage.objects.get()
    assert response.url == admin_url(page, "change")
    response = client.post(admin_url(page, "draft"))
    assert response.url == admin_url(page.versions.get(), "change")
    about_pages = Event.objects.filter(object_type__startswith="procedures.")
    assert set(about_pages.values_list("verb", flat=True)) == {"subject.added", "page.added", "version.started"}


def test_a_change_of_address_or_relations_is_recorded_and_shown_at_once(editor):
    page = make_published().page
    client, before = signed_in(editor), PageStamp.current()
    client.post(admin_url(page, "change"), {"slug": "another"})
    page.refresh_from_db()
    assert page.slug == "another"
    condition = make_condition()
    client.post(admin_url(page.procedure, "change"), {"order": 0, "conditions": [condition.pk]})
    assert list(page.procedure.conditions.all()) == [condition]
    assert PageStamp.current() == before + 2
    assert Event.objects.about(page.procedure).get().details == {"fields": ["conditions"]}


def test_the_history_of_a_page_a_version_and_a_procedure_is_the_audit_and_no_second_log(editor):
    version, client = make_draft(by=editor.as_actor()), signed_in(editor)
    client.post(admin_url(version.page, "change"), {"slug": "another"})
    client.post(admin_url(version.page.procedure, "change"), {"order": 3})
    for row, verb in [
        (version.page, "page.renamed"),
        (version, "version.saved"),
        (version.page.procedure, "subject.changed"),
    ]:
        assert verb in client.get(admin_url(row, "history")).content.decode()
    assert not LogEntry.objects.exists()


def test_an_address_is_kept_in_small_letters_so_that_no_two_are_alike(editor):
    page, other = make_published().page, make_page(slug="another")
    for typed in ("Another", "ANOTHER"):
        response = signed_in(editor).post(admin_url(page, "change"), {"slug": typed})
        assert response.context["adminform"].form.errors["slug"]
    signed_in(editor).post(admin_url(other, "change"), {"slug": "Cement-Repair"})
    other.refresh_from_db()
    assert other.slug == "cement-repair"


def test_an_address_that_is_taken_is_refused_beside_its_field(editor):
    taken, page = make_page(), make_page()
    response = signed_in(editor).post(admin_url(page, "change"), {"slug": taken.slug})
    assert response.status_code == 200
    assert response.context["adminform"].form.errors


def test_nobody_deletes_anything_on_the_desk(superuser):
    client, version = signed_in(superuser), make_published()
    for row in (version, version.page, version.page.procedure):
        assert client.post(admin_url(row, "delete"), {"post": "yes"}).status_code == 403
    assert ProcedureVersion.objects.exists()


def test_a_draft_that_is_open_already_is_refused_in_words(editor):
    draft, client = make_draft(), signed_in(editor)
    text = client.get(admin_url(draft.page, "change")).content.decode()
    assert "You cannot start a draft now." in text
    response = client.post(admin_url(draft.page, "draft"), follow=True)
    assert "Version 1 of this page is being worked on" in response.content.decode()
    assert ProcedureVersion.objects.count() == 1


def test_a_page_is_withdrawn_after_a_second_thought(manager):
    version, client = make_published(), signed_in(manager)
    address = admin_url(version.page, "withdraw")
    assert client.get(address).status_code == 200
    response = client.post(address)
    assert response.status_code == 422
    assert "Tick the box" in response.content.decode()
    assert ProcedurePage.objects.published().exists()
    client.post(address, fields_of(response) | {"is_sure": "on"})
    assert not ProcedurePage.objects.published().exists()


def test_an_editor_does_not_withdraw(editor):
    version, client = make_published(), signed_in(editor)
    assert "Withdraw" not in client.get(admin_url(version.page, "change")).content.decode()
    response = client.post(admin_url(version.page, "withdraw"), {"is_sure": "on"}, follow=True)
    assert "Your role does not allow this." in response.content.decode()
    assert ProcedurePage.objects.published().exists()


# The overview and its buttons


def test_the_buttons_lead_a_draft_to_the_site(editor, reviewer, manager):
    version = make_draft(by=editor.as_actor())
    for user, name, typed, state in (
        (editor, "send_for_review", {}, State.IN_REVIEW),
        (reviewer, "sign_off", {"next_review_due": "2030-01-31"}, State.SIGNED_OFF),
        (manager, "publish", {}, State.PUBLISHED),
    ):
        response = press(signed_in(user), version, name, **typed)
        assert response.status_code == 302, name
        version.refresh_from_db()
        assert version.state == state
    assert str(version.next_review_due) == "2030-01-31"
    assert (version.reviewed_by, version.signed_off_by) == (reviewer.clinician, reviewer)


def test_each_role_is_offered_what_it_may_do_and_told_why_not(editor, reviewer, manager):
    version = make_in_review(by=editor.as_actor())
    assert states(signed_in(editor), version)[0] == ["ask_for_changes"]
    assert states(signed_in(reviewer), version)[0] == ["sign_off", "ask_for_changes"]
    assert states(signed_in(manager), version)[0] == ["ask_for_changes"]
    text = overview(signed_in(manager), version).content.decode()
    assert "Your role does not allow this." in text
    assert "This version is “in review”, so this cannot be done now." in text


def test_a_version_that_was_published_offers_nothing_and_says_what_to_do(superuser):
    version = make_published()
    possible, impossible = states(signed_in(superuser), version)
    assert (possible, impossible) == ([], [])
    assert "A version that was published never changes." in overview(signed_in(superuser), version).content.decode()


def test_what_is_to_mend_stands_with_a_link_to_its_section(editor):
    draft = make_draft(sections={"figures": [figure(sources=[])]})
    response = overview(signed_in(editor), draft)
    assert "Say where “How long” comes from" in response.content.decode()
    assert (
        response.context["found"]["errors"][0]["url"] == f"{admin_url(draft, 'section', 'figures')}#id_rows-0-sources"
    )
    refused = press(signed_in(editor), draft, "send_for_review")
    assert refused.status_code == 409
    assert "Mend this first" in refused.content.decode()


def test_the_words_of_a_reader_come_back_to_the_editor(editor, reviewer):
    version = make_in_review(by=editor.as_actor())
    press(signed_in(reviewer), version, "ask_for_changes", words="Say <b>how long</b>.\nAnd why.")
    text = overview(signed_in(editor), version).content.decode()
    assert "Say &lt;b&gt;how long&lt;/b&gt;.<br>And why." in text


def test_asking_for_changes_without_words_is_refused_beside_the_field(reviewer):
    response = press(signed_in(reviewer), make_in_review(), "ask_for_changes", words="  ")
    assert response.status_code == 422
    assert "<title>Error:" in response.content.decode()
    assert "Say what should change." in response.content.decode()


@pytest.mark.parametrize("day", ["", "soon", "1999-01-01", "\x00"])
def test_a_day_that_cannot_be_is_refused_beside_the_field(reviewer, day):
    response = press(signed_in(reviewer), make_in_review(), "sign_off", next_review_due=day)
    assert response.status_code == 422
    assert response.context["form"].errors["next_review_due"]


def test_a_press_on_an_old_view_is_refused_and_keeps_the_words(reviewer):
    version = make_in_review()
    publishing.sign_off(version=version, by=COMMAND, reviewer=make_clinician())
    response = press(signed_in(reviewer), version, "ask_for_changes", words="Typed with care.")
    assert response.status_code == 409
    assert "Somebody changed this version" in response.content.decode()
    assert "Typed with care." in response.content.decode()


def test_two_languages_are_published_with_one_button(manager):
    procedure = make_procedure()
    english = make_signed_off(make_page(procedure))
    assert "publish_together" not in states(signed_in(manager), english)[0]
    spanish = make_signed_off(make_page(procedure, language="es"))
    assert "publish_together" in states(signed_in(manager), english)[0]
    assert press(signed_in(manager), english, "publish_together").status_code == 302
    assert set(ProcedureVersion.objects.published()) == {english, spanish}


def test_nobody_signs_off_their_own_writing_from_the_desk_either(superuser):
    superuser.clinician = make_clinician()
    superuser.save()
    version = make_in_review(by=superuser.as_actor())
    response = press(signed_in(superuser), version, "sign_off", next_review_due="2030-01-31")
    assert response.status_code == 409
    assert "You wrote part of this version" in response.content.decode()


LEAK = {"key": "leak", "name": "Cement leaks out", "how_often": "Rare", "sources": ["a"]}
CLOT = LEAK | {"key": "clot", "name": "A blood clot"}


def left_out(client, version):
    return [str(risk) for risk in overview(client, version).context["risks_left_out"]]


def test_whoever_signs_is_told_which_sourced_risks_a_version_leaves_out(editor):
    rumour = LEAK | {"key": "rumour", "name": "A rumour", "sources": []}
    live = make_published(sections={"risks": [LEAK, rumour]})
    spanish = [LEAK | {"name": "Sale cemento"}, CLOT | {"name": "Coágulo"}]
    make_draft(make_page(live.page.procedure, language="es"), sections={"risks": spanish})
    draft, client = make_draft(live.page, sections={"risks": []}), signed_in(editor)
    assert left_out(client, draft) == ["Cement leaks out", "Coágulo"]
    assert '<span lang="es">Coágulo</span> (Spanish, draft)' in overview(client, draft).content.decode()
    save(draft, "risks", [LEAK, CLOT])
    assert left_out(client, draft) == []


def test_a_risk_of_another_procedure_or_of_a_past_version_is_not_missed(editor):
    make_published(make_page(make_procedure(key="another"), slug="another"), sections={"risks": [LEAK]})
    live = make_published(sections={"risks": [CLOT]})
    publishing.publish(versions=[make_signed_off(live.page, sections={"risks": NEEDED_RISK})], by=COMMAND)
    assert left_out(signed_in(editor), make_draft(live.page, sections={"risks": NEEDED_RISK})) == []


def test_an_unknown_button_or_version_is_not_found(editor):
    client, version = signed_in(editor), make_draft()
    assert press(client, version, "abolish").status_code == 404
    assert client.get("/admin/procedures/procedureversion/99999999999999999999/change/").status_code == 404
    assert client.get("/admin/procedures/procedureversion/x%00/change/").status_code == 404
    assert client.get(admin_url(version, "section", "nowhere")).status_code == 404


def test_a_form_without_its_token_changes_nothing_and_keeps_the_words(reviewer):
    version = make_in_review()
    client = signed_in(reviewer, enforce_csrf_checks=True)
    response = press(client, version, "ask_for_changes", words="Typed with care.")
    assert response.status_code == 403
    assert "Typed with care." in response.content.decode()
    version.refresh_from_db()
    assert version.state == State.IN_REVIEW


def test_the_overview_takes_as_many_queries_for_a_full_page(editor, django_assert_num_queries):
    client = signed_in(editor)
    for version in (make_draft(), full_draft()):
        with django_assert_num_queries(24):
            overview(client, version)


def test_a_section_takes_no_more_queries_for_a_full_page(editor, django_assert_max_num_queries):
    client = signed_in(editor)
    for version in (make_draft(), full_draft()):
        with django_assert_max_num_queries(25):
            client.get(admin_url(version, "section", "figures"))


def test_the_overview_of_two_signed_languages_checks_each_of_them_once(manager, django_assert_max_num_queries):
    procedure, client = make_procedure(), signed_in(manager)
    signed = [make_signed_off(make_page(procedure, language=language)) for language in ("en", "es")]
    with django_assert_max_num_queries(67):
        overview(client, signed[0])


def test_the_overview_beside_a_live_version_takes_as_many_queries_whatever_was_said_of_it(
    editor, django_assert_num_queries
):
    client, live = signed_in(editor), make_published()
    draft = publishing.open_draft(page=live.page, by=COMMAND)
    for number in (0, 5):
        for each in range(number):
            made = publishing.comment(version=draft, section="names", words=f"Words {each}", by=editor.as_actor())
            publishing.answer_comment(comment=made, words="Yes.", by=editor.as_actor())
        with django_assert_num_queries(23):
            overview(client, draft)


def test_a_condition_has_the_same_desk(editor):
    draft = make_draft(make_page(make_condition()))
    client = signed_in(editor)
    assert overview(client, draft).status_code == 200
    assert client.get(admin_url(draft, "section", "care")).status_code == 200
    assert client.get("/admin/procedures/conditionpage/").status_code == 200
    assert client.get(admin_url(Condition.objects.get(), "change")).status_code == 200


# Who sees what


SCREENS = ["list", "page", "overview", "section", "procedure"]
SEEN = {
    "reception": "",
    "nurse": "",
    "auditor": "",
    "editor": "list page overview section procedure",
    "reviewer": "list page overview procedure",
    "manager": "list page overview procedure",
}


@pytest.mark.parametrize("role", SEEN)
def test_each_role_sees_its_screens_and_no_other(role, request):
    client, version = signed_in(request.getfixturevalue(role)), make_draft()
    addresses = [
        PAGES,
        admin_url(version.page, "change"),
        admin_url(version, "change"),
        admin_url(version, "section", "names"),
        admin_url(version.page.procedure, "change"),
    ]
    seen = [name for name, url in zip(SCREENS, addresses, strict=True) if client.get(url).status_code == 200]
    assert " ".join(seen) == SEEN[role]
    writes = [admin_url(version, "section", "names"), admin_url(version, "move", "publish"), f"{PAGES}add/"]
    answers = {client.post(url, {"go": "save"}).status_code for url in writes}
    if not SEEN[role]:
        assert answers == {403}
    version.refresh_from_db()
    assert version.state == State.DRAFT


def test_staff_without_an_account_are_led_to_the_log_in(client):
    version = make_draft()
    response = client.get(admin_url(version, "change"))
    assert response.status_code == 302
    assert response.url.startswith(reverse("admin:login"))


def test_what_an_editor_writes_is_never_markup_on_the_desk(editor):
    names = enough()["names"] | {"plain_name": "<script>alert(1)</script>"}
    draft = save(make_draft(), "names", names)
    client = signed_in(editor)
    for url in (
        PAGES,
        admin_url(draft, "change"),
        admin_url(draft, "section", "names"),
        admin_url(draft.page, "change"),
    ):
        assert "<script>alert" not in client.get(url).content.decode()


def test_an_address_saved_while_a_version_is_published_does_not_take_it_off_the_site(editor, rf):
    version = make_signed_off()
    request, opened = rf.post("/"), ProcedurePage.objects.get(pk=version.page_id)
    request.user = editor
    publishing.publish(versions=[version], by=COMMAND)
    opened.slug = "another"
    form = SimpleNamespace(changed_data=["slug"], cleaned_data={"slug": "another"})
    admin.site.get_model_admin(ProcedurePage).save_model(request, opened, form, change=True)
    page = ProcedurePage.objects.get(pk=version.page_id)
    assert (page.slug, page.live_version_id) == ("another", version.pk)


@pytest.mark.parametrize("button", ["publish", "publish_together"])
def test_what_was_signed_off_anew_meanwhile_is_not_published_unseen(manager, reviewer, button):
    seen = make_signed_off()
    draft = publishing.ask_for_changes(version=seen, words="Shorten it.", by=COMMAND)
    review = publishing.send_for_review(version=draft, by=COMMAND)
    publishing.sign_off(version=review, by=reviewer.as_actor())
    response = press(signed_in(manager), seen, button)
    assert response.status_code == 409
    assert "Somebody changed this version" in response.content.decode()
    assert ProcedureVersion.objects.get(pk=seen.pk).state == State.SIGNED_OFF
