"""One account of each role with a freshly drawn password, in a file only its owner reads."""

from __future__ import annotations

import json
import os
import secrets
from pathlib import Path

from django.contrib.auth.hashers import make_password

from gridmgmt.core.models import User

FILE_NAME = "demo-accounts.json"
# Without characters that are mistaken for each other when read from a screen.
LETTERS = "abcdefghjkmnpqrstuvwxyz23456789"
PASSWORD_LENGTH = 14

Accounts = dict[str, dict[str, str]]


def draw_password() -> str:
    """A password from the system's random source."""
    return "".join(secrets.choice(LETTERS) for _ in range(PASSWORD_LENGTH))


def give_passwords(users: dict[str, User]) -> Accounts:
    """Draw a password for each role's user and store its hash."""
    accounts: Accounts = {}
    for role, user in users.items():
        password = draw_password()
        user.password = make_password(password)
        accounts[role] = {"username": user.username, "password": password}
    User.objects.bulk_update(list(users.values()), ["password"])
    return accounts


def write_accounts(accounts: Accounts, path: Path) -> None:
    """Write `{role: {username, password}}` with mode 600, whole or not at all."""
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_name(f"{path.name}.{os.getpid()}")
    descriptor = os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        json.dump(accounts, file, indent=1, ensure_ascii=False)
        file.write("\n")
    partial.replace(path)
