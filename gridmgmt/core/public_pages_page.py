"""The page on which an administrator decides about the public pages."""

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from gridmgmt.core import public_pages
from gridmgmt.core.guards import requires
from gridmgmt.core.models import PublicPages
from gridmgmt.core.permissions import Right


class PublicPagesForm(forms.ModelForm):
    """Everything that is decided, on one form."""

    class Meta:
        model = PublicPages
        fields = public_pages.FIELDS
        widgets = {"map_mode": forms.RadioSelect}


@never_cache
@requires(Right.ADMINISTER)
@require_http_methods(["GET", "HEAD", "POST"])
def settings_page(request: HttpRequest) -> HttpResponse:
    """Show and change. What was decided holds at once, in every process."""
    form = PublicPagesForm(request.POST or None, instance=public_pages.current())
    status = 200
    if request.method == "POST":
        if form.is_valid():
            public_pages.decide(actor=request.user, now=timezone.now(), **form.cleaned_data)
            messages.success(request, _("Saved. It holds from now on."))
            return redirect("core:public_pages")
        status = 400
    context = {"form": form, "pages": public_pages.current()}
    return render(request, "core/public_pages.html", context, status=status)
