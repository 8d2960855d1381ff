"""Make an access token for the REST interface."""

from datetime import timedelta
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from gridmgmt.core import tokens
from gridmgmt.core.models import User


class Command(BaseCommand):
    help = "Print a new token of a user. It is shown this once."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("username")
        parser.add_argument(
            "--scopes", nargs="+", default=["read"], choices=tokens.SCOPES, help="What it may do."
        )
        parser.add_argument("--name", default="command line", help="What it is for.")
        parser.add_argument("--days", type=int, help="How long it is good for.")

    def handle(self, *args: Any, **options: Any) -> None:
        user = User.objects.filter(username=options["username"]).first()
        if user is None:
            raise CommandError(f"There is no user {options['username']!r}.")
        now = timezone.now()
        _token, text = tokens.make_token(
            user=user,
            name=options["name"],
            scopes=options["scopes"],
            actor=None,
            now=now,
            expires_at=now + timedelta(days=options["days"]) if options["days"] else None,
        )
        self.stdout.write(text)
