"""Where the screens of a row stand on the desk."""

from django.urls import reverse


def admin_url(row, name, *args):
    """Return the address of a screen about a row: "change", "section" and so on."""
    return reverse(f"admin:{row._meta.app_label}_{row._meta.model_name}_{name}", args=[row.pk, *args])
