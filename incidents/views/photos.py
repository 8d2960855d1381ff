"""Photos are files behind a question: may this reader see the case, or was the photo released?"""

from __future__ import annotations

from django.core.files.storage import default_storage
from django.http import Http404, HttpRequest, HttpResponse
from django.views.decorators.http import require_safe

from incidents.models import Attachment, Incident


@require_safe
def photo(request: HttpRequest, pk: int, size: str = "full") -> HttpResponse:
    """The picture (or its thumbnail, size `small`); 404 for whoever may not see it."""
    row = Attachment.objects.select_related("incident").filter(pk=pk).first()
    if row is None or not _may_see(request, row):
        raise Http404
    name = (row.thumbnail.name if size == "small" else "") or row.file.name
    if not default_storage.exists(name):
        raise Http404
    with default_storage.open(name) as file:  # re-encoded, at most a few hundred kilobytes
        response = HttpResponse(file.read(), content_type="image/jpeg")
    public = row.public and row.incident.released
    response.headers["Cache-Control"] = f"{'public' if public else 'private'}, max-age=300"
    response.headers["Content-Security-Policy"] = "default-src 'none'; sandbox"
    return response


def _may_see(request: HttpRequest, row: Attachment) -> bool:
    incident = row.incident
    if row.public and incident.released and not incident.confidential:
        return True
    if not request.user.is_authenticated:
        return False
    if incident.reporter_id == request.user.pk:
        return True
    return Incident.objects.visible_to(request.access).filter(pk=incident.pk).exists()  # type: ignore[attr-defined]
