"""The product's settings, with a limit that no load reaches and the bare views beside our own."""

from gridmgmt.settings import *  # noqa: F403
from gridmgmt.settings import REST_FRAMEWORK

ROOT_URLCONF = "tests.benchmarks.urls"
WSGI_APPLICATION = "gridmgmt.wsgi.application"
REST_FRAMEWORK = REST_FRAMEWORK | {
    "DEFAULT_THROTTLE_RATES": dict.fromkeys(
        REST_FRAMEWORK["DEFAULT_THROTTLE_RATES"], "100000000/min"
    )
}
ALLOWED_HOSTS = ["127.0.0.1", "localhost"]
