"""Signing in and out, the first page of each role, one's account, and health."""

from typing import Any

from django.contrib.auth import logout
from django.contrib.auth import views as auth_views
from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.db.models import F
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_POST

from gridmgmt.core import audit, health, tokens
from gridmgmt.core.models import ApiToken, User
from gridmgmt.core.permissions import Right, Role
from gridmgmt.core.throttles import throttled

# The first role that someone holds decides where they begin.
START_PAGES: tuple[tuple[str, str], ...] = (
    (Role.LEADER, "/today/"),
    (Role.SUPERVISOR, "/map/"),
    (Role.GRID_HEAD, "/map/"),
    (Role.MANAGER, "/work/"),
    (Role.DEPARTMENT_HANDLER, "/work/"),
    (Role.DISPATCHER, "/work/"),
    (Role.DESK_OPERATOR, "/work/"),
    (Role.COORDINATOR, "/field/"),
    (Role.ANALYST, "/statistics/"),
    (Role.ADMINISTRATOR, "/admin/"),
)


class LoginView(auth_views.LoginView):
    """The one door; django-axes counts wrong passwords and answers with the locked-out page."""

    template_name = "core/login.html"
    redirect_authenticated_user = True


class LogoutView(auth_views.LogoutView):
    """POST only, as Django has it."""


@login_required
def start(request: HttpRequest) -> HttpResponse:
    """Where this user's work is; someone without posts lands on their account."""
    if request.user.is_superuser:
        return redirect("/admin/")
    roles = request.access.roles  # type: ignore[attr-defined]
    for role, path in START_PAGES:
        if role in roles:
            if role == Role.ADMINISTRATOR and not request.user.is_staff:
                return redirect("core:health_page")
            return redirect(path)
    return redirect("core:account")


@login_required
@require_GET
def account(request: HttpRequest) -> HttpResponse:
    """Own roles and tokens; sign out everywhere."""
    held = {holding.role for holding in request.access.holdings}  # type: ignore[attr-defined]
    if request.user.is_superuser:
        held.add(Role.ADMINISTRATOR)
    own = ApiToken.objects.filter(user=request.user, revoked_at__isnull=True)
    return render(
        request,
        "core/account.html",
        {
            "roles": [role.label for role in Role if role in held],
            "tokens": own.order_by("-created_at"),
        },
    )


@login_required
@require_POST
def sign_out_everywhere(request: HttpRequest) -> HttpResponse:
    """End every session of this user, this one too. Tokens stay; they are revoked one by one."""
    with transaction.atomic():
        User.objects.filter(pk=request.user.pk).update(session_epoch=F("session_epoch") + 1)
        audit.record(
            actor=request.user,
            now=timezone.now(),
            action="user.signed_out_everywhere",
            target=request.user,
        )
    logout(request)
    return redirect("core:login")


@login_required
@require_POST
def revoke_token(request: HttpRequest, pk: int) -> HttpResponse:
    """One's own token only."""
    token = get_object_or_404(ApiToken.objects.filter(user=request.user), pk=pk)
    tokens.revoke(token=token, actor=request.user, now=timezone.now())
    return redirect("core:account")


@require_GET
def privacy(request: HttpRequest) -> HttpResponse:
    """What is kept of a resident's report, why and how long."""
    return render(request, "core/privacy.html")


@never_cache
@require_GET
@throttled("public_read")
def health_json(request: HttpRequest) -> JsonResponse:
    """For machines: 200 when everything works, else 503."""
    checks = health.check_all(timezone.now())
    works = all(check.ok for check in checks)
    body: dict[str, Any] = {
        "ok": works,
        "checks": {
            check.code: {"ok": check.ok, "value": check.value, "unit": check.unit}
            for check in checks
        },
    }
    return JsonResponse(body, status=200 if works else 503)


@never_cache
@require_GET
@throttled("public_read")
def metrics(request: HttpRequest) -> HttpResponse:
    """The same figures in Prometheus' text format."""
    lines = ["# TYPE gridmgmt_up gauge", "# TYPE gridmgmt_value gauge"]
    for check in health.check_all(timezone.now()):
        lines.append(f'gridmgmt_up{{part="{check.code}"}} {int(check.ok)}')
        if check.value is not None:
            lines.append(f'gridmgmt_value{{part="{check.code}",unit="{check.unit}"}} {check.value}')
    return HttpResponse(
        "\n".join(lines) + "\n", content_type="text/plain; version=0.0.4; charset=utf-8"
    )


@never_cache
@login_required
@require_GET
def health_page(request: HttpRequest) -> HttpResponse:
    """The same for administrators, in words."""
    if not request.access.may(Right.ADMINISTER):  # type: ignore[attr-defined]
        raise PermissionDenied(_("Your posts do not include this page."))
    checks = health.check_all(timezone.now())
    return render(
        request,
        "core/health.html",
        {"checks": checks, "works": all(check.ok for check in checks)},
    )
