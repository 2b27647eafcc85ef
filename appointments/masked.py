"""Contact details as the private page shows them: enough to know one's own, too little to learn somebody else's."""

from clinic.telephone import normalise_phone

HIDDEN = "•••"
# A shorter name would be told by its first letter.
SHORTEST_TOLD = 3
DIGITS_SHOWN = 2


def masked_email(email):
    """Return an e-mail address such as "a•••@e•••.org"; "" for none."""
    if not email:
        return ""
    name, _at, domain = email.strip().rpartition("@")
    host, _dot, ending = domain.rpartition(".")
    return f"{_first(name)}@{_first(host)}.{ending}"


def _first(text):
    return text[0] + HIDDEN if len(text) >= SHORTEST_TOLD else HIDDEN


def masked_phone(phone):
    """Return a telephone number such as "••• •••-••23", whatever its length; "" for none."""
    digits = "".join(sign for sign in normalise_phone(phone) if sign.isdigit()) if phone else ""
    return f"{HIDDEN} {HIDDEN}-••{digits[-DIGITS_SHOWN:]}" if digits else HIDDEN if phone else ""
