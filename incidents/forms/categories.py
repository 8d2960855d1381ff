"""Choosing one of two hundred categories with the keyboard: type a few characters, take one."""

from __future__ import annotations

from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from incidents.models import Category

LIST_ID = "categories"


class CategoryField(forms.CharField):
    """Text with the browser's own list of suggestions (`<datalist id="categories">`).

    Accepts what the list shows, a code, or words that fit one category alone; gives its id or
    None. The page draws the list once: `incidents/desk/_categories.html` with `category_words()`.
    """

    default_error_messages = {
        "unknown": _("No category is called so. Type a few characters and choose one of the list."),
        "several": _("Several categories fit these words. Choose one of the list."),
    }

    def __init__(self, **options: Any) -> None:
        options.setdefault(
            "widget",
            forms.TextInput(attrs={"list": LIST_ID, "autocomplete": "off", "maxlength": 100}),
        )
        super().__init__(**{"max_length": 100, **options})

    def clean(self, value: Any) -> int | None:  # type: ignore[override]
        text = super().clean(value)
        if not text:
            return None
        return self._found(text)

    def _found(self, text: str) -> int:
        wanted = text.casefold()
        fitting = []
        for category in Category.objects.filter(active=True):
            names = {category.name, category.name_en, category.code, words_of(category)}
            if wanted in {name.casefold() for name in names if name}:
                return category.pk
            if any(wanted in name.casefold() for name in names if name):
                fitting.append(category.pk)
        if len(fitting) == 1:
            return fitting[0]
        key = "several" if fitting else "unknown"
        raise ValidationError(self.error_messages[key], code=key)


def words_of(category: Category) -> str:
    """How the list shows a category: name, then code, so that both can be typed."""
    return f"{category.label} {category.code}"


def category_words() -> list[dict[str, str]]:
    """The active categories for the list, with their system; one query."""
    return [
        {"words": words_of(category), "system": str(category.get_system_display())}
        for category in Category.objects.filter(active=True)
    ]
