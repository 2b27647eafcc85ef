"""Signs staff in by password, and answers what they may do from the table of roles."""

from django.conf import settings
from django.contrib.auth.backends import ModelBackend

from accounts.demonstration import PASSWORD
from accounts.models import User
from accounts.roles import permissions_of


class RoleBackend(ModelBackend):
    """Django's password check; rights from `accounts/roles.py` and from nowhere else."""

    def authenticate(self, request, username=None, password=None, **kwargs):
        """Return the member of staff; nobody for the demonstration's password, which is public, on a real site."""
        if password == PASSWORD and not settings.DEMO:
            return None
        return super().authenticate(request, username=username, password=password, **kwargs)

    def get_user(self, user_id):
        """Return who is signed in, with what they may do and where (1 query)."""
        user = User.objects.find_with_rights(user_id)
        is_let_stay = user is not None and self.user_can_authenticate(user) and not user.first_password_is_over
        return user if is_let_stay else None

    def user_can_authenticate(self, user):
        """Nobody who left, nor an account whose time is over: neither logs in, nor stays so."""
        return super().user_can_authenticate(user) and not user.has_expired

    def get_user_permissions(self, user_obj, obj=None):
        """No one has rights of their own."""
        return set()

    def get_group_permissions(self, user_obj, obj=None):
        """The rights of the roles held."""
        return self.get_all_permissions(user_obj, obj)

    def get_all_permissions(self, user_obj, obj=None):
        """The rights of the roles held; none for somebody who left."""
        if not user_obj.is_active or user_obj.is_anonymous:
            return set()
        return permissions_of(user_obj.role_names)

    def has_module_perms(self, user_obj, app_label):
        """Say whether any right lies in this room."""
        return any(name.startswith(f"{app_label}.") for name in self.get_all_permissions(user_obj))
