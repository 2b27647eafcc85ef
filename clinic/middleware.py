"""What is done to every answer on its way out."""


def secure_cookies(get_response):
    """Mark cookies Secure on https, whatever the settings say: a demonstration behind a proxy too."""

    def answer(request):
        response = get_response(request)
        if request.is_secure():
            for cookie in response.cookies.values():
                cookie["secure"] = True
        return response

    return answer
