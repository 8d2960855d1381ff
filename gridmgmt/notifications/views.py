"""The inbox: read, open, mark as read."""

from django.contrib.auth.decorators import login_required
from django.core.paginator import Paginator
from django.db.models import Count, Max, Q
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_POST

from gridmgmt.notifications.models import Notification
from gridmgmt.notifications.services import mark_all_read, mark_read

PAGE_SIZE = 50


@login_required
@require_GET
def inbox(request: HttpRequest) -> HttpResponse:
    """Newest first, urgent ones marked."""
    notifications = Notification.objects.of(request.user.pk).order_by("-created_at", "-pk")
    if request.GET.get("show") == "unread":
        notifications = notifications.unread()
    page = Paginator(notifications, PAGE_SIZE).get_page(request.GET.get("page"))
    return render(request, "notifications/inbox.html", {"page_obj": page})


@login_required
@require_GET
def open_notification(request: HttpRequest, pk: int) -> HttpResponse:
    """Mark as read and go where the message leads; only inside this site."""
    notification = get_object_or_404(Notification.objects.of(request.user.pk), pk=pk)
    mark_read(actor=request.user, notification_id=pk, now=timezone.now())
    inside = url_has_allowed_host_and_scheme(
        notification.url, allowed_hosts=None, require_https=request.is_secure()
    )
    return redirect(notification.url if inside else "notifications:inbox")


@login_required
@require_POST
def read_all(request: HttpRequest) -> HttpResponse:
    mark_all_read(actor=request.user, now=timezone.now())
    return redirect("notifications:inbox")


@never_cache
@require_GET
def unread_json(request: HttpRequest) -> JsonResponse:
    """What the bell asks every few seconds; 401 for who is not signed in."""
    if not request.user.is_authenticated:
        return JsonResponse({"unread": 0, "urgent": 0, "newest_urgent_id": None}, status=401)
    numbers = (
        Notification.objects.of(request.user.pk)
        .unread()
        .aggregate(
            total=Count("pk"),
            alarms=Count("pk", filter=Q(urgent=True)),
            newest=Max("pk", filter=Q(urgent=True)),
        )
    )
    return JsonResponse(
        {
            "unread": numbers["total"],
            "urgent": numbers["alarms"],
            "newest_urgent_id": numbers["newest"],
        }
    )
