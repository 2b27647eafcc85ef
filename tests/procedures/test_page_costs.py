"""What a page that patients read asks of the database and of their browser."""

import pytest
from pytest_django.asserts import assertNotContains

from clinic.models import PageStamp
from tests.procedures.published import (
    EVERY_LIST,
    make_full_clinic,
    make_procedure,
    publish_page,
)

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("clinic")]


QUERIES = {
    "/": 6,
    "/procedures/": 4,
    "/procedures/kyphoplasty-{rows}/": 6,
    "/conditions/fracture-{rows}-0/": 4,
    "/locations/": 3,
    "/locations/does-{rows}-0/": 6,
    "/team/": 6,
    "/contact/": 5,
}


def test_a_page_asks_the_database_as_often_however_much_there_is(client, django_assert_num_queries):
    for rows in (1, 3):
        make_full_clinic(rows)
        for path, queries in QUERIES.items():
            with django_assert_num_queries(queries, info=path):
                assert client.get(path.format(rows=rows)).status_code == 200


def test_a_kept_page_costs_one_look_at_the_stamp_until_something_changes(
    client, kyphoplasty, django_assert_num_queries
):
    publish_page(kyphoplasty)
    first = client.get("/procedures/kyphoplasty/")
    kept = {"if-none-match": first.headers["ETag"]}
    with django_assert_num_queries(1):
        assert client.get("/procedures/kyphoplasty/", headers=kept).status_code == 304
    publish_page(make_procedure("vertebroplasty"), slug="vertebroplasty")
    assert client.get("/procedures/kyphoplasty/", headers=kept).status_code == 200


@pytest.mark.parametrize(
    "path", [*EVERY_LIST, "/procedures/kyphoplasty/", "/procedures/changes.atom", "/sitemap.xml", "/robots.txt"]
)
def test_reading_sets_no_cookie_and_sends_nothing(client, kyphoplasty, path):
    publish_page(kyphoplasty)
    stamp = PageStamp.current()
    response = client.get(path)
    assert response.status_code == 200
    assert response.headers["Cache-Control"] == "public, no-cache"
    assert not response.cookies
    assert PageStamp.current() == stamp
    assertNotContains(response, "method=")
    assert client.post(path).status_code == 405
