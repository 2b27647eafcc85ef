"""A manager's way to help a colleague whose phone is gone: a button on the account, and a page that asks first."""

from django import forms
from django.contrib import messages
from django.contrib.admin.utils import unquote
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import path, reverse
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from accounts import two_factor
from accounts.two_factor import ResetReason
from clinic.refusals import Refused


class ResetForm(forms.Form):
    """Why, and that the manager knows who asks: who else would like a log-in by password alone?"""

    reason = forms.ChoiceField(
        label=_("Why?"),
        choices=ResetReason.choices,
        widget=forms.RadioSelect,
        error_messages={"required": _("Choose a reason.")},
    )
    is_sure = forms.BooleanField(
        label=_("I saw them, or called them on a number that we knew before"),
        error_messages={"required": _("Make sure that it is them who asks.")},
    )


class ResetsSecondFactor:
    """The part of the admin of accounts that resets a second factor."""

    change_form_template = "admin/accounts/user/change_form.html"

    def get_urls(self):
        """Add the page that asks, and that its button posts to."""
        view = self.admin_site.admin_view(self.reset_second_factor)
        address = "<path:object_id>/reset-second-factor/"
        return [path(address, view, name="accounts_user_reset_second_factor"), *super().get_urls()]

    def change_view(self, request, object_id, form_url="", extra_context=None):
        """Offer the button where it would work."""
        user = self.get_object(request, unquote(object_id))
        may = user is not None and not two_factor.why_not_reset(user, by=request.user.as_actor())
        return super().change_view(request, object_id, form_url, {"may_reset": may, **(extra_context or {})})

    def reset_second_factor(self, request, object_id):
        """Ask first, then reset; whoever may not is told why."""
        user = self.get_object(request, unquote(object_id))
        if not self.has_change_permission(request, user):
            raise PermissionDenied
        if user is None:
            raise Http404
        form = ResetForm(request.POST or None)
        refusal = two_factor.why_not_reset(user, by=request.user.as_actor())
        if request.method == "POST" and not refusal and form.is_valid():
            try:
                two_factor.reset(user=user, reason=form.cleaned_data["reason"], by=request.user.as_actor())
            except Refused as refused:
                refusal = refused.reason
            else:
                messages.success(
                    request, gettext("The second factor is reset. They set up a new one when they log in.")
                )
                return HttpResponseRedirect(reverse("admin:accounts_user_change", args=[user.pk]))
        context = {
            **self.admin_site.each_context(request),
            "title": gettext("Reset the second factor"),
            "opts": self.opts,
            "account": user,
            "form": form,
            "refusal": refusal,
        }
        request.current_app = self.admin_site.name
        status = 409 if refusal and request.method == "POST" else 200
        return TemplateResponse(request, "admin/accounts/user/reset_second_factor.html", context, status=status)

    reset_second_factor.needs_confirming = True
