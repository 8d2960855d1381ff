"""`request.access`: what the user of this request may do, read when first asked."""

from collections.abc import Callable

from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.utils.functional import SimpleLazyObject

from grids.people.access import access_for


class AccessMiddleware:
    """Stands after authentication. Costs nothing for pages that never look at `request.access`.

    It is read late, so a token that the REST interface accepts counts as well.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        request.access = SimpleLazyObject(lambda: access_for(request.user, timezone.now()))  # type: ignore[attr-defined]
        return self.get_response(request)
