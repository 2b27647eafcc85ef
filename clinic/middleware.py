"""What is done to every request on its way in, and to every answer on its way out."""

from django.http import HttpResponseNotAllowed

from clinic.views import failure_page

VERBS = ("GET", "HEAD", "POST")


def verbs_of_links_and_forms(get_response):
    """Refuse whatever neither a link nor a form can send: Django's own screens answer any verb as they answer GET."""

    def answer(request):
        if request.method not in VERBS:
            return HttpResponseNotAllowed(VERBS)
        return get_response(request)

    return answer


def words_where_a_button_is_needed(get_response):
    """Say in words why a page does not open that takes a button's press alone, or none: Django says nothing at all."""

    def answer(request):
        response = get_response(request)
        if response.status_code != 405 or response.streaming or response.content:
            return response
        page = failure_page(request, "405.html", 405)
        page["Allow"] = response["Allow"]
        return page

    return answer


def readable_cookies(get_response):
    """Leave out cookies that hold a NUL: no text in PostgreSQL may, and sessions are looked up by theirs."""

    def answer(request):
        if any("\x00" in value for value in request.COOKIES.values()):
            request.COOKIES = {name: value for name, value in request.COOKIES.items() if "\x00" not in value}
        return get_response(request)

    return answer


def heads_without_bodies(get_response):
    """Answer HEAD with the headers of the page alone: the server logs a warning for each body that it has to drop."""

    def answer(request):
        response = get_response(request)
        if request.method == "HEAD":
            if response.streaming:
                response.streaming_content = ()
            else:
                response.content = b""
        return response

    return answer


def secure_cookies(get_response):
    """Mark cookies Secure on https, whatever the settings say: a demonstration behind a proxy too."""

    def answer(request):
        response = get_response(request)
        if request.is_secure():
            for cookie in response.cookies.values():
                cookie["secure"] = True
        return response

    return answer
