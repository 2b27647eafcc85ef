"""The user of the staff side, from the first migration, and the roles each one holds."""

from django.contrib.auth.models import AbstractUser
from django.contrib.auth.models import UserManager as DjangoUserManager
from django.db import models
from django.utils.functional import cached_property
from django.utils.translation import gettext_lazy as _

from accounts.roles import Role, permissions_of
from audit.actors import Actor
from clinic.models import Clinician


class UserQuerySet(models.QuerySet):
    """Reads of the staff list."""

    def visible_to(self, user):
        """Staff whose accounts this member of staff may see."""
        return self if user.has_perm("accounts.view_user") else self.filter(pk=user.pk)

    def who_may(self, permission):
        """Staff at work here whose roles hold this permission ("room.codename")."""
        roles = [role for role in Role if permission in permissions_of([role])]
        holders = RoleAssignment.objects.filter(role__in=roles).values("user")
        return self.filter(models.Q(pk__in=holders) | models.Q(is_superuser=True), is_active=True)


class UserManager(DjangoUserManager.from_queryset(UserQuerySet)):
    """Django's manager, which hashes passwords, with our words."""

    use_in_migrations = False


class User(AbstractUser):
    """A member of staff. Patients have no account."""

    personal_data = {
        "username": "Staff sign in with it.",
        "first_name": "Colleagues see who holds a request.",
        "last_name": "Colleagues see who holds a request.",
        "email": "The site writes to staff.",
    }

    clinician = models.OneToOneField(
        Clinician,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="user",
        verbose_name=_("clinician"),
        help_text=_("For clinical reviewers: whose name and registration stand under what they sign off."),
    )

    # Rights come from the table in accounts/roles.py alone.
    groups = None
    user_permissions = None

    objects = UserManager()

    class Meta:
        verbose_name = _("member of staff")
        verbose_name_plural = _("staff")
        ordering = ["username"]

    def __str__(self):
        return self.get_full_name() or self.username

    @cached_property
    def role_names(self):
        """The roles this person holds, as a set of Role values (1 query a user object)."""
        if self.pk is None:
            return frozenset()
        return frozenset(assignment.role for assignment in self.role_assignments.all())

    def set_roles(self, roles):
        """Make these the roles of this person; return the names of those added or taken away."""
        wanted, held = set(roles), set(self.role_names)
        self.role_assignments.exclude(role__in=wanted).delete()
        RoleAssignment.objects.bulk_create(RoleAssignment(user=self, role=role) for role in wanted - held)
        self.__dict__.pop("role_names", None)
        self.__dict__.get("_prefetched_objects_cache", {}).pop("role_assignments", None)
        return sorted(wanted ^ held)

    def as_actor(self):
        """This person as the `by=` of a change."""
        return Actor.staff(self)


class RoleAssignment(models.Model):
    """One role of one member of staff."""

    personal_data = ()

    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="role_assignments")
    role = models.CharField(_("role"), max_length=20, choices=Role)

    class Meta:
        verbose_name = _("role")
        verbose_name_plural = _("roles")
        constraints = [models.UniqueConstraint(fields=["user", "role"], name="role_once_a_user")]

    def __str__(self):
        return self.get_role_display()
