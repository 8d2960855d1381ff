"""The project: settings, addresses, queue, templates, static files, translations."""

from gridmgmt.celery import app as celery_app

__all__ = ["celery_app"]
