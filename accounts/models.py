"""The user of the staff side, from the first migration, and the roles each one holds."""

from django.conf import settings
from django.contrib.auth.models import AbstractUser
from django.contrib.auth.models import UserManager as DjangoUserManager
from django.db import models
from django.db.models import Exists, F, OuterRef, Q, Value
from django.db.models.functions import Coalesce, Concat, NullIf, Trim
from django.utils import timezone
from django.utils.crypto import salted_hmac
from django.utils.functional import cached_property
from django.utils.translation import gettext_lazy as _

from accounts.devices import Authenticator, RecoveryCode
from accounts.roles import OF_SUPERUSERS, Role, roles_with
from audit.actors import Actor
from clinic.encryption import EncryptedTextField
from clinic.models import Clinician, Location

__all__ = ["Authenticator", "EmergencyAccess", "LocationLimit", "LogIn", "RecoveryCode", "RoleAssignment", "User"]


class UserQuerySet(models.QuerySet):
    """Reads of the staff list."""

    def visible_to(self, user):
        """Staff whose accounts this member of staff may see."""
        return self if user.has_perm("accounts.view_user") else self.filter(pk=user.pk)

    def who_may(self, permission):
        """Staff who have not left, and may do this ("room.codename")."""
        has_role = Exists(RoleAssignment.objects.filter(user=OuterRef("pk"), role__in=roles_with(permission)))
        lasts = Q(expires_at=None) | Q(expires_at__gt=timezone.now())
        return self.filter(Q(is_superuser=True) | Q(has_role), lasts, is_active=True)

    def with_name(self):
        """Give each row `name`: how a member of staff is called, as `User.__str__` says it."""
        full = Trim(Concat("first_name", Value(" "), "last_name"))
        return self.annotate(name=Coalesce(NullIf(full, Value("")), "username"))

    def with_second_factor(self):
        """Read with each row whether there is a second factor; its secret is left in the database."""
        return self.select_related("authenticator").defer("authenticator__secret")

    def find_with_rights(self, pk):
        """Return who has this primary key, None for nobody (1 query).

        Their roles, locations and second factor, but for its secret, are read already.
        """
        held = {
            "a_role": F("role_assignments__role"),
            "a_location": F("location_limits__location"),
            "emergency_until": EmergencyAccess.objects.open().values("ends_at")[:1],
        }
        # A row for each role at each location: few are limited to any.
        rows = list(self.filter(pk=pk).annotate(**held).with_second_factor())
        if not rows:
            return None
        user = rows[0]
        user.role_names = frozenset(row.a_role for row in rows) - {None}
        user.location_ids = frozenset() if user.is_superuser else frozenset(row.a_location for row in rows) - {None}
        return user


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

    locations = models.ManyToManyField(Location, through="LocationLimit", related_name="+")

    must_change_password = models.BooleanField(
        _("has yet to choose a password"), default=False, db_default=False, editable=False
    )
    first_password_ends_at = models.DateTimeField(_("first password ends"), null=True, editable=False)
    # A log-in is good while this is what it was when it began: one more ends them all.
    log_in_round = models.PositiveIntegerField(default=0, db_default=0, editable=False)
    expires_at = models.DateTimeField(_("ends"), null=True, editable=False)

    # Until when an emergency account is open, anybody's; read with the rights, on every staff page.
    emergency_until = None

    # Rights come from the table in accounts/roles.py alone.
    groups = None
    user_permissions = None

    objects = UserManager()

    # The second factor that this session has shown (accounts/verified.py).
    otp_device = None

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

    @cached_property
    def location_ids(self):
        """The primary keys of the locations to which this person's work is limited, none without a limit.

        1 query a user object. Nothing limits a superuser.
        """
        if self.pk is None or self.is_superuser:
            return frozenset()
        return frozenset(limit.location_id for limit in self.location_limits.all())

    def may_keep(self, other):
        """Say whether this person may change that account, its password and second factor included.

        Whoever can do so can log in as its owner: so it must not lead to more than they may see and do themselves.
        """
        if self.is_superuser or other.pk == self.pk:
            return self.has_perm("accounts.change_user")
        if other.is_superuser or other.role_names & OF_SUPERUSERS:
            return False
        is_here = not self.location_ids or (other.location_ids and other.location_ids <= self.location_ids)
        return bool(is_here) and self.has_perm("accounts.change_user")

    def set_locations(self, locations):
        """Limit the work of this person to these locations; to none of them is no limit."""
        wanted, held = {location.pk for location in locations}, set(self.locations.values_list("pk", flat=True))
        self.location_limits.exclude(location__in=wanted).delete()
        LocationLimit.objects.bulk_create(LocationLimit(user=self, location_id=pk) for pk in wanted - held)
        self.__dict__.pop("location_ids", None)
        self.__dict__.get("_prefetched_objects_cache", {}).pop("location_limits", None)

    @property
    def has_expired(self):
        """Whether the time of an account that ends by itself is over."""
        return self.expires_at is not None and self.expires_at <= timezone.now()

    @property
    def first_password_is_over(self):
        """Whether the password that the site made was not replaced by the person's own in time."""
        ends_at = self.first_password_ends_at
        return self.must_change_password and ends_at is not None and ends_at <= timezone.now()

    @property
    def second_factor(self):
        """The Authenticator that was set up, or None (1 query a user object, unless it was read with the row).

        Its secret is left in the database: one that no key opens keeps nobody from setting up another.
        """
        if self.pk is None:
            return None
        relation = self._meta.get_field("authenticator")
        if not relation.is_cached(self):
            relation.set_cached_value(self, Authenticator.objects.defer("secret").filter(user=self.pk).first())
        return relation.get_cached_value(self)

    def is_verified(self):
        """Say whether this session has shown the second factor."""
        return self.otp_device is not None

    def needs_second_factor(self):
        """Say whether the password alone is not enough: for nobody, or not for somebody who set up more.

        An account that ends by itself is for the day on which no telephone is at hand.
        """
        is_required = settings.REQUIRE_TWO_FACTOR and self.expires_at is None
        return is_required or self.second_factor is not None

    def has_shown_enough(self):
        """Say whether this session has shown all that is asked of this person."""
        return self.is_verified() or not self.needs_second_factor()

    def get_session_auth_hash(self):
        """Return what a log-in of this person must carry: another in another round, or with another password or device.

        So whatever changes one of them ends all log-ins. So does the end of a demonstration: its passwords are public.
        """
        device = self.second_factor
        secret = f"{self.log_in_round} {self.password} {device.persistent_id if device else ''}"
        secret += " demonstration" if settings.DEMO else ""
        return salted_hmac("accounts.User.log_in", secret, algorithm="sha256").hexdigest()

    def get_session_auth_fallback_hash(self):
        """Return nothing: a log-in does not outlast the secret of the site."""
        return ()

    def as_actor(self):
        """This person as the `by=` of a change."""
        return Actor.staff(self)


class LogInQuerySet(models.QuerySet):
    """Words about log-ins."""

    def of(self, user):
        """Those of one person."""
        return self.filter(user=user)

    def end(self):
        """Write that these are over, those that were not; return how many."""
        return self.filter(ended_at=None).update(ended_at=timezone.now())


class LogIn(models.Model):
    """One log-in of one member of staff, for themselves to see: with which browser, from when to when.

    The session carries the number of the row, and the row nothing of the session: who reads it can be nobody. Whether
    somebody is logged in is for the session alone to say (accounts/sessions.py). No address is kept: the site keeps
    none anywhere, and all who work at the clinic share one.
    """

    personal_data = {
        "browser": "The person tells their own log-ins from others by it; one of a few names.",
        "system": "As the browser.",
    }

    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="log_ins")
    browser = models.CharField(max_length=20, blank=True)
    system = models.CharField(max_length=20, blank=True)
    began_at = models.DateTimeField(default=timezone.now)
    used_at = models.DateTimeField(default=timezone.now)
    ended_at = models.DateTimeField(null=True)

    objects = LogInQuerySet.as_manager()

    class Meta:
        default_permissions = ()
        ordering = ["-began_at", "-pk"]
        indexes = [
            models.Index(fields=["user", "-began_at"], name="log_ins_of_a_person"),
            models.Index(fields=["began_at"], name="log_ins_by_time"),
        ]

    def __str__(self):
        return f"{self.user_id} {self.pk}"


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


class LocationLimit(models.Model):
    """One location to which the work of one member of staff is limited; who has none of these works for all.

    A location that somebody is limited to cannot be deleted: without it that person would see the requests of all.
    """

    personal_data = ()

    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="location_limits")
    location = models.ForeignKey(Location, on_delete=models.PROTECT, related_name="+", verbose_name=_("location"))

    class Meta:
        verbose_name = _("limit to a location")
        verbose_name_plural = _("limits to locations")
        default_permissions = ()
        constraints = [models.UniqueConstraint(fields=["user", "location"], name="location_limit_once_a_user")]

    def __str__(self):
        return f"{self.user_id} {self.location_id}"


class LogInTries(models.Model):
    """How often a log-in failed lately, of one account, browser or network; `accounts/throttle.py` counts.

    `key` is a keyed index: it leads back to nobody. A try counts as failed until it has succeeded, so that many at once
    are no way around.
    """

    class Kind(models.TextChoices):
        """Whose tries are counted."""

        ACCOUNT = "account", _("an account, from browsers that it does not know")
        BROWSER = "browser", _("an account, from a browser that logged in to it before")
        NETWORK = "network", _("a network")
        CONFIRMING = "confirming", _("somebody logged in, who confirms it")

    personal_data = {"key": "A keyed index of an account or a network, which leads back to nobody, kept for 1 day."}

    key = models.CharField(max_length=64, unique=True, editable=False)
    kind = models.CharField(max_length=10, choices=Kind, editable=False)
    failures = models.PositiveIntegerField(default=0)
    last_at = models.DateTimeField(default=timezone.now)
    free_at = models.DateTimeField(null=True)
    was_refused = models.BooleanField(default=False)
    told_at = models.DateTimeField(null=True)

    class Meta:
        default_permissions = ()
        indexes = [
            models.Index(fields=["last_at"], name="log_in_tries_by_time"),
            models.Index(
                fields=["id"], name="log_in_tries_untold", condition=Q(kind="account", was_refused=True, told_at=None)
            ),
        ]

    def __str__(self):
        return f"{self.kind} {self.failures}"


class EmergencyAccessQuerySet(models.QuerySet):
    """Reads of the times that the emergency account was opened."""

    def open(self):
        """Those whose time is not over, the one that lasts longest first."""
        return self.filter(ended_at=None, ends_at__gt=timezone.now()).order_by("-ends_at")

    def without_words(self):
        """Leave for whom, and why, in the database: no lost key may stand in the way of ending it."""
        return self.defer("asked_by", "reason")

    def over(self):
        """Those whose time is over."""
        return self.filter(Q(ended_at__isnull=False) | Q(ends_at__lte=timezone.now()))

    def unread(self):
        """Those that are over, and of which no manager has read yet what was done."""
        return self.over().filter(read_at=None)


class EmergencyAccess(models.Model):
    """One time that the emergency account was opened: for whom, why, until when, and which manager read of it."""

    personal_data = ("asked_by", "reason")

    user = models.ForeignKey(User, on_delete=models.PROTECT, related_name="emergencies")
    asked_by = EncryptedTextField(_("for whom"))
    reason = EncryptedTextField(_("reason"))
    opened_at = models.DateTimeField(_("opened"), default=timezone.now)
    ends_at = models.DateTimeField(_("until"))
    ended_at = models.DateTimeField(_("ended before its time"), null=True)
    read_by = models.ForeignKey(User, on_delete=models.PROTECT, null=True, related_name="+")
    read_at = models.DateTimeField(null=True)

    objects = EmergencyAccessQuerySet.as_manager()

    class Meta:
        verbose_name = _("emergency access")
        verbose_name_plural = _("emergency accesses")
        default_permissions = ()
        ordering = ["-id"]
        constraints = [
            models.CheckConstraint(condition=Q(ends_at__gt=F("opened_at")), name="emergency_has_a_time"),
            models.CheckConstraint(
                condition=Q(read_by=None, read_at=None) | Q(read_by__isnull=False, read_at__isnull=False),
                name="emergency_read_by_somebody",
            ),
        ]

    def __str__(self):
        return f"{self.pk}"
