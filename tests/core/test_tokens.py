"""Tokens: scopes narrow, revoking and expiry end, only a digest is stored."""

from datetime import timedelta
from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from django.test import Client
from django.urls import include, path
from django.utils import timezone
from rest_framework.response import Response
from rest_framework.views import APIView

from gridmgmt.core import tokens
from gridmgmt.core.models import ApiToken, AuditEntry
from gridmgmt.core.throttles import PublicReportThrottle

from .conftest import NOW

pytestmark = [pytest.mark.django_db, pytest.mark.req("X-03"), pytest.mark.req("Z-03")]


class Echo(APIView):
    """Answers who asks; writing needs `act`."""

    def get(self, request):
        return Response({"user": request.user.username, "may": request.access.may("verify")})

    post = get


class Exporting(Echo):
    required_scope = "export"


class Open(APIView):
    permission_classes = []
    throttle_classes = [PublicReportThrottle]

    def post(self, request):
        return Response({})


urlpatterns = [
    path("echo/", Echo.as_view()),
    path("export/", Exporting.as_view()),
    path("open/", Open.as_view()),
    path("", include("gridmgmt.core.urls")),
]


@pytest.fixture(autouse=True)
def own_urls(settings):
    settings.ROOT_URLCONF = __name__


def make(person, *scopes, **options):
    return tokens.make_token(
        user=person, name="t", scopes=list(scopes), actor=person, now=NOW, **options
    )


def header(text):
    return {"HTTP_AUTHORIZATION": f"Token {text}"}


def test_a_scope_allows_what_it_names_and_no_more(client, person):
    _token, text = make(person, "read")
    assert client.get("/echo/", **header(text)).json() == {"user": "wang", "may": False}
    assert client.post("/echo/", **header(text)).status_code == 403
    assert client.get("/export/", **header(text)).status_code == 403
    _token, text = make(person, "act", "export")
    assert client.post("/echo/", **header(text)).status_code == 200
    assert client.get("/echo/", **header(text)).status_code == 403
    assert client.get("/export/", **header(text)).status_code == 200


def test_no_token_a_false_one_and_half_a_header(client, person):
    answer = client.get("/echo/")
    assert answer.status_code == 401
    assert answer["WWW-Authenticate"] == "Token"
    assert client.get("/echo/", **header("gm_wrong")).status_code == 401
    assert client.get("/echo/", HTTP_AUTHORIZATION="Token").status_code == 401
    assert client.get("/echo/", **header("two words")).status_code == 401


def test_revoked_expired_and_dismissed(client, person):
    token, text = make(person, "read")
    tokens.revoke(token=token, actor=person, now=NOW)
    tokens.revoke(token=token, actor=person, now=NOW + timedelta(days=1))
    token.refresh_from_db()
    assert token.revoked_at == NOW
    assert client.get("/echo/", **header(text)).status_code == 401
    _token, text = make(person, "read", expires_at=timezone.now() - timedelta(seconds=1))
    assert client.get("/echo/", **header(text)).status_code == 401
    _token, text = make(person, "read", expires_at=timezone.now() + timedelta(hours=1))
    assert client.get("/echo/", **header(text)).status_code == 200
    person.is_active = False
    person.save()
    assert client.get("/echo/", **header(text)).status_code == 401


def test_only_the_digest_is_stored_and_each_step_is_in_the_trail(client, person):
    token, text = make(person, "read")
    assert text not in str(ApiToken.objects.values())
    assert token.digest == tokens.digest_of(text)
    client.get("/echo/", **header(text))
    token.refresh_from_db()
    assert token.last_used_at is not None
    tokens.revoke(token=token, actor=person, now=NOW)
    assert list(AuditEntry.objects.values_list("action", flat=True)) == [
        "token.made",
        "token.revoked",
    ]


def test_unknown_scopes_are_refused(person):
    with pytest.raises(ValueError, match="Scopes are"):
        make(person, "everything")
    with pytest.raises(ValueError, match="Scopes are"):
        make(person)


def test_a_session_needs_no_scope_but_a_csrf_token(person):

    client = Client(enforce_csrf_checks=True)
    client.force_login(person, backend="django.contrib.auth.backends.ModelBackend")
    assert client.get("/export/").status_code == 200
    assert client.post("/echo/").status_code == 403


def test_the_command(client, person):
    out = StringIO()
    call_command("make_token", "wang", "--scopes", "read", "act", "--days", "1", stdout=out)
    assert client.get("/echo/", **header(out.getvalue().strip())).status_code == 200
    assert ApiToken.objects.get().expires_at is not None
    with pytest.raises(CommandError, match="no user"):
        call_command("make_token", "nobody")


def test_public_calls_are_limited_by_address(client, settings):
    rates = settings.REST_FRAMEWORK["DEFAULT_THROTTLE_RATES"] | {"public_report": "2/hour"}
    settings.REST_FRAMEWORK = settings.REST_FRAMEWORK | {"DEFAULT_THROTTLE_RATES": rates}
    codes = [client.post("/open/", REMOTE_ADDR="192.0.2.1").status_code for _ in range(3)]
    assert codes == [200, 200, 429]
    assert int(client.post("/open/", REMOTE_ADDR="192.0.2.1")["Retry-After"]) > 0
    forged = client.post("/open/", REMOTE_ADDR="192.0.2.1", HTTP_X_FORWARDED_FOR="198.51.100.9")
    assert forged.status_code == 429
    assert client.post("/open/", REMOTE_ADDR="192.0.2.2").status_code == 200
    settings.PROXIES = 1
    behind = {"REMOTE_ADDR": "192.0.2.1", "HTTP_X_FORWARDED_FOR": "192.0.2.1, 198.51.100.9"}
    assert client.post("/open/", **behind).status_code == 200
