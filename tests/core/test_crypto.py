"""Personal values are unreadable in the database, keys rotate, masks hide."""

import json
import stat
from io import StringIO

import pytest
from django.core.exceptions import ImproperlyConfigured
from django.core.management import CommandError, call_command
from django.db import connection

from gridmgmt.core import crypto
from grids.people.models import Person


@pytest.fixture
def keys(settings, tmp_path):
    settings.KEYS_FILE = tmp_path / "own" / "keys.json"
    crypto._keys.cache_clear()
    call_command("make_keys", stdout=StringIO())
    yield settings.KEYS_FILE
    crypto._keys.cache_clear()


def stored(person):
    with connection.cursor() as cursor:
        cursor.execute("SELECT phone FROM people_person WHERE id = %s", [person.pk])
        return cursor.fetchone()[0]


@pytest.mark.django_db
def test_the_database_never_sees_the_phone(keys):
    person = Person.objects.create(name="王芳", phone="13800001999")
    assert "1999" not in stored(person)
    assert Person.objects.get().phone == "13800001999"
    with pytest.raises(TypeError, match="blind index"):
        Person.objects.filter(phone="13800001999").exists()
    assert stored(Person.objects.create(name="李强")) == ""


def test_the_key_file_is_private_and_never_overwritten(keys):
    assert stat.S_IMODE(keys.stat().st_mode) == 0o600
    with pytest.raises(CommandError, match="rotate_keys"):
        call_command("make_keys")


@pytest.mark.django_db
def test_rotation_keeps_old_values_readable_and_can_renew_them(keys):
    person = Person.objects.create(name="王芳", phone="13800001999")
    before, index = stored(person), crypto.blind_index("13800001999")
    call_command("rotate_keys", stdout=StringIO())
    assert len(json.loads(keys.read_text())["encryption"]) == 2
    assert stat.S_IMODE(keys.stat().st_mode) == 0o600
    assert Person.objects.get().phone == "13800001999"
    assert crypto.blind_index("13800001999") == index
    call_command("rotate_keys", "--reencrypt", stdout=StringIO())
    assert stored(person) != before
    newest = json.loads(keys.read_text())["encryption"][:1]
    keys.write_text(json.dumps(json.loads(keys.read_text()) | {"encryption": newest}))
    crypto._keys.cache_clear()
    assert Person.objects.get().phone == "13800001999"


def test_a_running_process_learns_a_key_that_another_one_added(keys):
    crypto.encrypt("warm")
    content = json.loads(keys.read_text())
    content["encryption"].insert(0, crypto.Fernet.generate_key().decode())
    keys.write_text(json.dumps(content))
    token = crypto.Fernet(content["encryption"][0]).encrypt(b"13800001999").decode()
    assert crypto.decrypt(token) == "13800001999"
    with pytest.raises(crypto.InvalidToken):
        crypto.decrypt("gAAAAA-not-one-of-ours")


def test_production_does_not_draw_keys_by_itself(settings, tmp_path):
    settings.KEYS_FILE, settings.MODE = tmp_path / "absent.json", "production"
    crypto._keys.cache_clear()
    with pytest.raises(ImproperlyConfigured, match="make_keys"):
        crypto.encrypt("x")
    with pytest.raises(CommandError, match="make_keys"):
        call_command("rotate_keys")


@pytest.mark.parametrize(
    ("phone", "mask"),
    [("13800001999", "138****1999"), ("62781234", "627****1234"), ("110", "****10"), ("", "")],
)
def test_masks(phone, mask):
    assert crypto.mask_phone(phone) == mask
