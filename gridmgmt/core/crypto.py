"""Personal data at rest: encrypted fields, a blind index for search, masks for showing.

Keys live in a JSON file of their own (settings.KEYS_FILE): `{"encryption": [newest, …],
"index": key}`. The newest encrypts, all decrypt, so keys rotate without a stop. In production
the file must exist (`manage.py make_keys` writes it); demo and test draw one when it is absent.
"""

import base64
import contextlib
import functools
import hashlib
import hmac
import json
import os
import secrets
import tempfile
from pathlib import Path
from typing import Any

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.db import models


def write_keys(path: Path) -> None:
    """Draw new keys into `path` (mode 600). Refuses to touch a file that exists.

    The file appears whole: a process that starts in the same moment never reads half of it.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    keys = {
        "encryption": [Fernet.generate_key().decode()],
        "index": base64.urlsafe_b64encode(secrets.token_bytes(32)).decode(),
    }
    descriptor, draft = tempfile.mkstemp(dir=path.parent, prefix=".keys-")
    try:
        with os.fdopen(descriptor, "w") as file:
            json.dump(keys, file, indent=1)
        os.link(draft, path)
    finally:
        Path(draft).unlink()


@functools.cache
def _keys() -> tuple[MultiFernet, bytes]:
    path = Path(settings.KEYS_FILE)
    if not path.exists():
        if settings.MODE == "production":
            raise ImproperlyConfigured(
                f"The key file {path} is missing. Put the saved one back, or write a new one "
                "with `manage.py make_keys` if there is no data yet."
            )
        # Another process may have drawn them in the same moment: then its keys are read.
        with contextlib.suppress(FileExistsError):
            write_keys(path)
    keys = json.loads(path.read_text())
    fernet = MultiFernet([Fernet(key) for key in keys["encryption"]])
    return fernet, base64.urlsafe_b64decode(keys["index"])


def rotate_keys(path: Path) -> None:
    """Put a new newest key into the file; the older ones stay and go on decrypting.

    The file is replaced as one, so that no process ever reads half of it.
    """
    keys = json.loads(path.read_text())
    keys["encryption"].insert(0, Fernet.generate_key().decode())
    fresh = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
    descriptor = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w") as file:
        json.dump(keys, file, indent=1)
        file.flush()
        os.fsync(file.fileno())
    fresh.replace(path)
    _keys.cache_clear()


def encrypt(text: str) -> str:
    """The token that is stored; an empty text stays empty."""
    return _keys()[0].encrypt(text.encode()).decode() if text else ""


def decrypt(token: str) -> str:
    """The text of a stored token. Raises InvalidToken when no key fits."""
    if not token:
        return ""
    try:
        return _keys()[0].decrypt(token.encode()).decode()
    except InvalidToken:
        # Another process may have rotated the keys since this one read them.
        _keys.cache_clear()
        return _keys()[0].decrypt(token.encode()).decode()


def blind_index(text: str) -> str:
    """A keyed digest by which equal values are found without decrypting; empty for empty."""
    if not text:
        return ""
    return hmac.new(_keys()[1], text.encode(), hashlib.sha256).hexdigest()


def mask_phone(phone: str) -> str:
    """13800001999 → 138****1999; short numbers keep their last two digits."""
    if len(phone) >= 8:
        return f"{phone[:3]}****{phone[-4:]}"
    return f"****{phone[-2:]}" if phone else ""


class EncryptedTextField(models.TextField):
    """A text that stands encrypted in the database and cannot be filtered on."""

    def from_db_value(self, value: str | None, expression: Any, connection: Any) -> str | None:
        if value is None:
            return None
        return decrypt(value)

    def get_prep_value(self, value: Any) -> Any:
        value = super().get_prep_value(value)
        return None if value is None else encrypt(str(value))

    def get_lookup(self, lookup_name: str) -> Any:
        if lookup_name == "isnull":
            return super().get_lookup(lookup_name)
        raise TypeError("An encrypted field cannot be filtered; use its blind index.")


__all__ = [
    "EncryptedTextField",
    "InvalidToken",
    "blind_index",
    "decrypt",
    "encrypt",
    "mask_phone",
    "rotate_keys",
    "write_keys",
]
