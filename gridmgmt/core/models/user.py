"""The account. Who someone is in the office is a Person with posts (grids.people)."""

from django.contrib.auth.models import AbstractUser
from django.db import models
from django.utils.translation import gettext_lazy as _


class User(AbstractUser):
    """Someone who signs in. Rights come from posts; `is_superuser` is for the administrator."""

    full_name = models.CharField(_("full name"), max_length=100, blank=True)

    def get_full_name(self) -> str:
        return self.full_name or self.username

    def __str__(self) -> str:
        return self.get_full_name()
