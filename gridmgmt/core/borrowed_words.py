"""Texts of packages that bring no Chinese of their own.

Django looks a text up in the project's catalogue first, so naming it here is enough to have it
translated; nothing imports this file. A package that learns Chinese loses its lines here.
"""

from django.utils.translation import gettext_noop as _

DJANGO = (
    _("Add link"),
    _("Change or view list link"),
    _("Model name"),
    _("After you’ve created a user, you’ll be able to edit more user options."),
)

AXES = (
    _("access attempt"),
    _("access attempts"),
    _("access failure"),
    _("access failures"),
    _("access log"),
    _("access logs"),
    _("Access lock out"),
    _("Attempt Time"),
    _("Failed Logins"),
    _("Form Data"),
    _("GET Data"),
    _("HTTP Accept"),
    _("IP Address"),
    _("Logout Time"),
    _("Meta Data"),
    _("Path"),
    _("POST Data"),
    _("Session key hash (sha256)"),
    _("User Agent"),
    _("Username"),
)

LEAFLET = (
    _("<strong>Error:</strong> shape edges cannot cross!"),
    _("Cancel drawing"),
    _("Cancel editing, discards all changes."),
    _("Click and drag to draw circle."),
    _("Click and drag to draw rectangle."),
    _("Click cancel to undo changes."),
    _("Click first point to close this shape."),
    _("Click last point to finish line."),
    _("Click map to place marker."),
    _("Click on a feature to remove"),
    _("Click to continue drawing line."),
    _("Click to continue drawing shape."),
    _("Click to start drawing line."),
    _("Click to start drawing shape."),
    _("Delete last point"),
    _("Delete last point drawn"),
    _("Delete layers"),
    _("Drag handles, or marker to edit feature."),
    _("Draw a circle"),
    _("Draw a marker"),
    _("Draw a polygon"),
    _("Draw a polyline"),
    _("Draw a rectangle"),
    _("Edit layers"),
    _("No layers to delete."),
    _("No layers to edit."),
    _("Release mouse to finish drawing."),
    _("Reset view"),
    _("Save"),
    _("Save changes."),
)
