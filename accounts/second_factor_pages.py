"""The page where staff look after their own second factor: new recovery codes, another phone, going without."""

from django.conf import settings
from django.contrib import messages
from django.http import HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.translation import gettext
from django.views import View

from accounts import two_factor
from accounts.own_log_in import throttled
from accounts.second_step import may_replace, stay_logged_in
from accounts.second_step_forms import EitherCodeForm
from clinic.refusals import Refused, Unfit


class OwnSecondFactor(View):
    """Whoever changes something types password and code again: somebody may have left the screen unlocked."""

    site = None
    http_method_names = ("get", "head", "post")

    def get(self, request):
        """Show what is set up."""
        return self.page(EitherCodeForm(request=request))

    def post(self, request):
        """Do what the button says, once password and code are right."""
        form = EitherCodeForm(request.POST, request=request)
        if request.user.second_factor is None or not form.is_valid():
            return throttled(form, self.page(form))
        try:
            two_factor.show(user=request.user, typed=form.cleaned_data["code"], by=request.user.as_actor())
            return self.do(request.POST.get("go"))
        except Unfit as refused:
            form.add_error(refused.field, refused.reason)
        except Refused as refused:
            form.add_error(None, refused.reason)
        return self.page(form)

    def do(self, what):
        """Make new codes, begin with another phone, or remove the second factor."""
        user = self.request.user
        if what == "codes":
            return self.codes_page(two_factor.renew_codes(user=user, by=user.as_actor()))
        if what == "another":
            may_replace(self.request)
            return HttpResponseRedirect(reverse("admin:second_factor_set_up"))
        if what == "remove":
            two_factor.remove(user=user, by=user.as_actor())
            stay_logged_in(self.request)
            messages.success(self.request, gettext("Your second factor is removed."))
        return HttpResponseRedirect(reverse("admin:second_factor"))

    def page(self, form):
        """Return the page: what is set up, and what can be done."""
        device = self.request.user.second_factor
        left = two_factor.codes_left(device) if device else 0
        context = {
            "title": gettext("Your second factor"),
            "form": form,
            "device": device,
            "codes_left": left,
            "few_left": two_factor.few_left_words(left) if device else "",
            "may_remove": not settings.REQUIRE_TWO_FACTOR,
        }
        return self.answer("admin/second_factor.html", context)

    def codes_page(self, codes):
        """Return the page with new recovery codes, which are shown this once."""
        context = {"title": gettext("Your recovery codes"), "codes": codes, "leads_to": reverse("admin:second_factor")}
        return self.answer("admin/recovery_codes.html", context)

    def answer(self, template, context):
        """Return a page of the admin."""
        self.request.current_app = self.site.name
        return TemplateResponse(self.request, template, {**self.site.each_context(self.request), **context})
