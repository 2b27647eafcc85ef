"""The one rule of who sees which rows: those who hold the right to view that kind of thing, and nobody else."""

from django.db import models


class VisibleQuerySet(models.QuerySet):
    """A QuerySet that knows what a member of staff may see; kinds of things that need a finer rule say their own."""

    def visible_to(self, user):
        """Return the rows that this member of staff may see: all of them, or none."""
        right = f"{self.model._meta.app_label}.view_{self.model._meta.model_name}"
        return self if user.has_perm(right) else self.none()
