"""Several photos in one field. What a photo really is, `incidents.services.photos` decides."""

from __future__ import annotations

from typing import Any

from django import forms


class SeveralFilesInput(forms.FileInput):
    """A file input that takes several pictures, from the camera or the album."""

    allow_multiple_selected = True

    def value_from_datadict(self, data: Any, files: Any, name: str) -> list[Any]:
        if hasattr(files, "getlist"):
            return [file for file in files.getlist(name) if file]
        file = files.get(name)
        return [file] if file else []

    def value_omitted_from_data(self, data: Any, files: Any, name: str) -> bool:
        return name not in files


class PhotosField(forms.FileField):
    """The uploaded files as a list; none is an empty list. Empty files are kept to be refused."""

    widget = SeveralFilesInput

    def __init__(self, **options: Any) -> None:
        super().__init__(**{"required": False, "allow_empty_file": True, **options})

    def clean(self, data: Any, initial: Any = None) -> list[Any]:
        if not data and self.required:
            raise forms.ValidationError(self.error_messages["required"], code="required")
        return [super(PhotosField, self).clean(file) for file in data or []]
