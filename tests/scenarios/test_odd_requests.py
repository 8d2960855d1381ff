"""What nobody sends by hand is answered in words, never by a failure of the server."""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Callable

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from grids.territory.models import Edition, WaitingFile
from grids.territory.services import editions
from tests.town import Town

pytestmark = pytest.mark.django_db
DIGITS = "9" * 5000
HERE = {
    "type": "Polygon",
    "coordinates": [[[116.303, 40.003], [116.305, 40.003], [116.305, 40.005], [116.303, 40.003]]],
}


@pytest.fixture
def draft(town: Town) -> Edition:
    return editions.draft("odd", actor=None, now=timezone.now())


@pytest.fixture
def client(sign_in: Callable[[str], Client]) -> Client:
    return sign_in("administrator")


def test_no_code_holds_a_null_byte(client, draft):
    assert client.get("/roster/grids/%00/").status_code == 404
    for address in ("/division/export.geojson", f"/division/{draft.pk}/export.geojson"):
        assert client.get(address, {"tier": "grid\0"}).status_code == 400


def test_a_damaged_archive_is_refused_and_leaves_nothing(client, draft, settings, tmp_path):
    settings.MEDIA_ROOT = tmp_path
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("areas.geojson", json.dumps(list(range(2000))))
    damaged = bytearray(packed.getvalue())
    damaged[60:300] = bytes(byte ^ 0x5A for byte in damaged[60:300])
    address = reverse("division:import", args=[draft.pk])
    for content in (bytes(damaged), packed.getvalue()[:200]):
        answer = client.post(address, {"file": SimpleUploadedFile("areas.zip", content)})
        assert answer.status_code == 400
    broken = SimpleUploadedFile("areas.kml", b"<kml/>")
    assert client.post(address, {"file": broken}).status_code == 400
    assert not WaitingFile.objects.exists()
    assert not list((tmp_path / "waiting").iterdir())


def test_choices_of_a_list_that_are_no_numbers_are_passed_over(client, draft):
    listed = "grid,building\n" + "".join(f"g{number},{number}\n" for number in range(9))
    sent = SimpleUploadedFile("list.csv", listed.encode())
    page = client.post(reverse("division:list", args=[draft.pk]), {"file": sent}).url
    plain = client.get(page).status_code
    for odd in ({"row-²": "²"}, {"row-1": DIGITS}, {f"row-{DIGITS}": "1"}):
        assert client.get(page, odd).status_code == plain
        assert client.post(page, odd).status_code == 400


def test_numbers_beyond_all_measure_are_refused(client, draft, town):
    steps = f"/api/v1/editions/{draft.pk}/steps/"
    body = {"verb": "cut_out", "polygon": HERE, "name": "x", "leftovers_m2": int(DIGITS[:400])}
    answer = client.post(steps, json.dumps(body), content_type="application/json")
    assert answer.status_code == 400
    assert "leftovers_m2" in answer.json()["detail"]
    assert not draft.steps.exists()
    assert client.get("/api/v1/route/", {"lon": DIGITS, "lat": "40"}).status_code in {400, 404}


def test_only_a_draft_is_tried(client, town):
    answer = client.get(reverse("data:try_draft", args=[town.edition.pk]))
    assert answer.status_code == 409
    assert answer.templates[0].name == "territory/not_a_draft.html"


def test_the_posts_of_a_draft_are_reached_from_its_page(client, draft):
    page = client.get(reverse("division:draft", args=[draft.pk]))
    assert f'href="{reverse("roster:planned", args=[draft.pk])}"' in page.content.decode()
