"""The administration speaks the reader's language, also where packages speak English alone."""

import re

import pytest
from django.test import Client

from gridmgmt.core.models import User

BACKEND = "django.contrib.auth.backends.ModelBackend"


@pytest.fixture
def administrator(db: None) -> Client:
    """May do everything in the administration, and reads Chinese."""
    user = User.objects.create_superuser("root", password="a-long-password")
    client = Client(headers={"accept-language": "zh-CN"})
    client.force_login(user, backend=BACKEND)
    return client


@pytest.mark.req("Z-07")
def test_permissions_are_named_in_the_readers_language(administrator: Client) -> None:
    """Django stores “Can add …”; here they read as room, model and verb."""
    own = administrator.get(f"/admin/core/user/{User.objects.get().pk}/change/").content.decode()
    group = administrator.get("/admin/auth/group/add/").content.decode()
    for page in (own, group):
        names = re.findall(r"<option[^>]*>([^<]*\|[^<]*)<", page)
        assert "案件 | 类别 | 修改" in names
        assert [name for name in names if "Can " in name] == []


@pytest.mark.req("Z-07")
def test_first_page_and_the_words_of_packages(administrator: Client) -> None:
    """The heading is ours; the protection of the sign-in brings no Chinese of its own."""
    page = administrator.get("/admin/").content.decode()
    assert "网格化平台 管理" in page
    assert "登录失败记录" in page
    assert "Axes" not in page
    assert "Access" not in page


@pytest.mark.req("Z-07")
def test_drawing_tools_are_handed_their_words(administrator: Client) -> None:
    """The script that stands in the head reads the words that stand in the page."""
    page = administrator.get("/admin/territory/place/add/").content.decode()
    assert "drawing-words" in page
    assert 'id="draw-toolbar-buttons-marker"' in page
