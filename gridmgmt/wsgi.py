"""WSGI entry point (granian serves it, see script/server)."""

import os

from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "gridmgmt.settings")

application = get_wsgi_application()
