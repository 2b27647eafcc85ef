"""Who did it: the `by=` of every change with consequences."""

from dataclasses import dataclass

from django.utils.translation import gettext

STAFF, PATIENT, COMMAND, VISITOR, REVIEWER = "staff", "patient", "command", "visitor", "reviewer"


@dataclass(frozen=True)
class Actor:
    """A member of staff, the patient or a reviewer through a private link, a named command, or somebody not logged in.

    `id` is the user's or the link's primary key, `role` the staff roles held at that moment, `name` the command's.
    None of them is personal data.
    """

    kind: str
    id: int | None = None
    role: str = ""
    name: str = ""
    user: object = None

    @classmethod
    def patient(cls, link_id=None):
        """The patient, through the tracking link with this primary key; None before there is a link."""
        return cls(PATIENT, id=link_id)

    @classmethod
    def command(cls, name, *, on_behalf_of=None):
        """A management command or a chore of the sender; of a member of staff who asked for it, number and roles."""
        if on_behalf_of is None:
            return cls(COMMAND, name=name)
        return cls(COMMAND, id=on_behalf_of.pk, role=" ".join(sorted(on_behalf_of.role_names)), name=name)

    @classmethod
    def visitor(cls):
        """Somebody who has not logged in, such as whoever typed a wrong password."""
        return cls(VISITOR)

    @classmethod
    def reviewer(cls, link_id):
        """Whoever holds the private link to a version that has this primary key."""
        return cls(REVIEWER, id=link_id)

    @classmethod
    def staff(cls, user):
        """A signed-in member of staff; `user.role_names` says which roles are theirs."""
        return cls(STAFF, id=user.pk, role=" ".join(sorted(user.role_names)), user=user)


def kind_words(kind):
    """Return what a kind of actor is called; a kind of a later release is called what it is."""
    words = {
        STAFF: gettext("a member of staff"),
        PATIENT: gettext("the patient"),
        COMMAND: gettext("the site itself"),
        VISITOR: gettext("somebody not logged in"),
        REVIEWER: gettext("a reviewer by private link"),
    }
    return words.get(kind, kind)
