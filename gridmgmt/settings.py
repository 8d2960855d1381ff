"""Settings, read from the environment through `gridmgmt.env`. docs/operations.md lists them all."""

from pathlib import Path

import dj_database_url
from csp.constants import NONE, SELF
from django.core.exceptions import ImproperlyConfigured
from django.utils.translation import gettext_lazy as _
from redis.backoff import NoBackoff
from redis.retry import Retry

from gridmgmt import env

BASE_DIR = Path(__file__).resolve().parent.parent
LOCAL_DIR = env.path("GRIDMGMT_LOCAL_DIR", BASE_DIR / ".local")

# production: a real office · demo: simulated people, demo secret allowed · test: the test suite
MODE = env.choice("GRIDMGMT_MODE", {"production", "demo", "test"}, default="production")
DEBUG = env.flag("GRIDMGMT_DEBUG", default=False)
SECRET_KEY = env.text("GRIDMGMT_SECRET_KEY")
if MODE == "production" and (SECRET_KEY.startswith("demo-") or len(SECRET_KEY) < 40):
    raise ImproperlyConfigured(
        "GRIDMGMT_SECRET_KEY is a demo secret or shorter than 40 characters; "
        "production needs one of its own."
    )
ALLOWED_HOSTS = env.words("GRIDMGMT_ALLOWED_HOSTS", ["127.0.0.1", "localhost"])
CSRF_TRUSTED_ORIGINS = env.words("GRIDMGMT_TRUSTED_ORIGINS", [])
# Keys of personal data live in a file of their own, outside the database and its backups.
KEYS_FILE = env.path("GRIDMGMT_KEYS_FILE", LOCAL_DIR / "keys.json")

INSTALLED_APPS = [
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "django.contrib.gis",
    "django.contrib.postgres",
    "axes",
    "csp",
    "django_filters",
    "django_htmx",
    "drf_spectacular",
    "drf_spectacular_sidecar",
    "leaflet",
    "rest_framework",
    "rest_framework_gis",
    "gridmgmt.core",
    "gridmgmt.notifications",
    "grids.territory",
    "grids.people",
    "grids.nodes",
    "residents",
    "incidents",
    "data",
    "maps",
]

MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "csp.middleware.CSPMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "axes.middleware.AxesMiddleware",
    "grids.people.middleware.AccessMiddleware",
]

ROOT_URLCONF = "gridmgmt.urls"
WSGI_APPLICATION = "gridmgmt.wsgi.application"

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "gridmgmt" / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.template.context_processors.i18n",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "gridmgmt.core.context.deployment",
                "gridmgmt.core.context.navigation",
                "gridmgmt.notifications.context.unread",
            ],
        },
    },
]

DATABASES = {
    "default": dj_database_url.parse(
        env.text("DATABASE_URL"),
        engine="django.contrib.gis.db.backends.postgis",
        # A fresh connection loads PostGIS anew, some twenty times slower than a kept one.
        conn_max_age=None,
        conn_health_checks=True,
    )
}
if database_name := env.text("GRIDMGMT_DATABASE", ""):
    DATABASES["default"]["NAME"] = database_name
DATABASES["default"].setdefault("OPTIONS", {})["options"] = "-c jit=off"
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
# Debian 12 carries GDAL 3.6; nothing here opens a spatial reference that a stranger names.
SILENCED_SYSTEM_CHECKS = ["gis.W001"]

# As redis-py writes it: redis://host:port/0, rediss://…, or unix:///path/redis.sock?db=0
REDIS_URL = env.text("REDIS_URL")
CACHES = {
    "default": {
        "BACKEND": "django.core.cache.backends.redis.RedisCache",
        "LOCATION": REDIS_URL,
        # A Redis that is away answers within seconds with an error, not with a long silence.
        "OPTIONS": {
            "socket_connect_timeout": 2,
            "socket_timeout": 2,
            "retry": Retry(NoBackoff(), 1),
        },
        "KEY_PREFIX": DATABASES["default"]["NAME"],
    }
}

CELERY_BROKER_URL = REDIS_URL.replace("unix://", "redis+socket://").replace(
    "?db=", "?virtual_host="
)
# One database, one queue: two databases on one Redis never hear each other's tasks.
CELERY_TASK_DEFAULT_QUEUE = f"gridmgmt-{DATABASES['default']['NAME']}"
CELERY_TASK_IGNORE_RESULT = True
CELERY_TASK_ACKS_LATE = True
CELERY_TASK_REJECT_ON_WORKER_LOST = True
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_TIMEZONE = "UTC"
# The sweeps: what a lost wake-up left behind is found here.
CELERY_BEAT_SCHEDULE = {
    "deliver-outbox": {"task": "core.deliver_outbox", "schedule": 5.0},
    "seal-audit": {"task": "core.seal_audit", "schedule": 30.0},
    "sweep-photos": {"task": "incidents.sweep_photos", "schedule": 86400.0},
    "sweep-uploads": {"task": "territory.sweep_uploads", "schedule": 3600.0},
    "tick-clocks": {"task": "incidents.tick_clocks", "schedule": 30.0},
    "divide": {"task": "territory.divide", "schedule": 15.0},
    "heartbeat": {"task": "core.heartbeat", "schedule": 15.0},
    "deliver-notifications": {"task": "notifications.deliver", "schedule": 30.0},
}
# An unreachable queue is noticed at once: what was committed waits for the sweep.
CELERY_BROKER_TRANSPORT_OPTIONS = {
    "socket_connect_timeout": 2,
    "max_retries": 1,
    "interval_start": 0,
    "interval_step": 0,
    "interval_max": 0,
}

AUTH_USER_MODEL = "core.User"
if MODE == "test":
    PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
AUTHENTICATION_BACKENDS = [
    "axes.backends.AxesStandaloneBackend",
    "django.contrib.auth.backends.ModelBackend",
]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {
        "NAME": "django.contrib.auth.password_validation.MinimumLengthValidator",
        "OPTIONS": {"min_length": 10},
    },
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
]
LOGIN_URL = "core:login"
LOGIN_REDIRECT_URL = "core:start"
LOGOUT_REDIRECT_URL = "home"
AXES_FAILURE_LIMIT = env.number("GRIDMGMT_LOGIN_FAILURES", 8, minimum=1)
AXES_COOLOFF_TIME = 0.25  # hours
AXES_LOCKOUT_PARAMETERS = [["username", "ip_address"]]
AXES_LOCKOUT_TEMPLATE = "core/locked_out.html"
AXES_RESET_ON_SUCCESS = True
AXES_CLIENT_IP_CALLABLE = "gridmgmt.core.throttles.client_address"
AXES_VERBOSE = False
# How many proxies of our own stand in front and write X-Forwarded-For (0: it is not believed).
PROXIES = env.number("GRIDMGMT_PROXIES", 0)

LANGUAGE_CODE = env.choice("GRIDMGMT_LANGUAGE", {"zh-hans", "en"}, default="zh-hans")
LANGUAGES = [("zh-hans", _("Simplified Chinese")), ("en", _("English"))]
LOCALE_PATHS = [BASE_DIR / "gridmgmt" / "locale"]
TIME_ZONE = env.text("GRIDMGMT_TIME_ZONE", "Asia/Shanghai")
USE_I18N = True
USE_TZ = True

STATIC_URL = "/static/"
STATICFILES_DIRS = [BASE_DIR / "gridmgmt" / "static"]
STATIC_ROOT = LOCAL_DIR / "static"
# Tests read static files where they lie; everything else collects them first.
WHITENOISE_AUTOREFRESH = WHITENOISE_USE_FINDERS = MODE == "test"
MEDIA_URL = "/media/"
MEDIA_ROOT = env.path("GRIDMGMT_MEDIA_ROOT", LOCAL_DIR / "media")
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {
        "BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"
        if MODE == "test"
        else "gridmgmt.core.static_files.StaticFiles"
    },
}

HTTPS = env.flag("GRIDMGMT_HTTPS", default=False)
# Our own proxy, where there is one, tells whether the browser came by https.
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if PROXIES else None
SESSION_COOKIE_SECURE = HTTPS
CSRF_COOKIE_SECURE = HTTPS
SESSION_COOKIE_HTTPONLY = True
SECURE_CONTENT_TYPE_NOSNIFF = True
SECURE_REFERRER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [SELF],
        "img-src": [SELF, "data:", "blob:"],
        # Leaflet and ECharts set style attributes on what they draw; scripts are never inline.
        "style-src": [SELF, "'unsafe-inline'"],
        "script-src": [SELF],
        "object-src": [NONE],
        "base-uri": [SELF],
        "form-action": [SELF],
        "frame-ancestors": [NONE],
        "worker-src": [SELF, "blob:"],
    }
}

REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": [
        "gridmgmt.core.tokens.TokenAuthentication",
        "rest_framework.authentication.SessionAuthentication",
    ],
    "DEFAULT_PERMISSION_CLASSES": [
        "rest_framework.permissions.IsAuthenticated",
        "gridmgmt.core.tokens.HasScope",
    ],
    "DEFAULT_SCHEMA_CLASS": "drf_spectacular.openapi.AutoSchema",
    "DEFAULT_FILTER_BACKENDS": ["django_filters.rest_framework.DjangoFilterBackend"],
    "DEFAULT_THROTTLE_RATES": {
        # Per address, for what is open to everyone; rates are per deployment.
        "public_read": env.rate("GRIDMGMT_RATE_PUBLIC_READ", "600/min"),
        "public_paper": env.rate("GRIDMGMT_RATE_PUBLIC_PAPER", "30/min"),
        "public_report": env.rate("GRIDMGMT_RATE_PUBLIC_REPORT", "30/hour"),
    },
    "TEST_REQUEST_DEFAULT_FORMAT": "json",
}
SPECTACULAR_SETTINGS = {
    "TITLE": "Grid management API",
    "DESCRIPTION": "Grids, responsibility of a place, incidents and statistics.",
    "VERSION": "1",
    "SERVE_INCLUDE_SCHEMA": False,
    "SWAGGER_UI_DIST": "SIDECAR",
    "SWAGGER_UI_FAVICON_HREF": "SIDECAR",
    "REDOC_DIST": "SIDECAR",
}

LEAFLET_CONFIG = {
    # The base map is our own vector tiles: nothing is asked of the internet.
    "TILES": [],
    "ATTRIBUTION_PREFIX": False,
    "RESET_VIEW": False,
}

# What a form sends besides its files, and the body of a call; photos have limits of their own.
DATA_UPLOAD_MAX_MEMORY_SIZE = 5 * 1024 * 1024
# Phones shrink a photo before they send it; a larger one did not come from our form.
PHOTO_MAX_BYTES = env.number("GRIDMGMT_PHOTO_MAX_BYTES", 10 * 1024 * 1024)
PHOTO_MAX_PIXELS = env.number("GRIDMGMT_PHOTO_MAX_PIXELS", 50_000_000)
# A file of areas or a list of buildings; unpacked it may be five times as large.
UPLOAD_MAX_BYTES = env.number("GRIDMGMT_UPLOAD_MAX_BYTES", 100 * 1024 * 1024)
# How long an uploaded file waits to be confirmed.
UPLOAD_KEEP_HOURS = env.number("GRIDMGMT_UPLOAD_KEEP_HOURS", 24)

# A point that no grid covers belongs to the nearest leaf within this distance (answer `gap`).
GAP_DISTANCE_M = env.number("GRIDMGMT_GAP_DISTANCE_M", 100)
# Published positions of cases are moved to the centre of a square of this size.
BLUR_DISTANCE_M = env.number("GRIDMGMT_BLUR_DISTANCE_M", 100)

# Letters in front of every query number (QH-7K3M-9XWA-C4HT); old numbers keep theirs.
QUERY_NUMBER_PREFIX = env.text("GRIDMGMT_NUMBER_PREFIX", "QH").upper()
if not (QUERY_NUMBER_PREFIX.isascii() and QUERY_NUMBER_PREFIX.isalnum()):
    raise ImproperlyConfigured("GRIDMGMT_NUMBER_PREFIX must be letters and digits of ASCII.")

# Webhooks may call addresses of the intranet; an office whose server is public switches it off.
WEBHOOK_PRIVATE_ADDRESSES = env.flag("GRIDMGMT_WEBHOOK_PRIVATE", default=True)
# Where residents reach the platform, for QR codes on paper: https://grid.example.cn
PUBLIC_URL = env.text("GRIDMGMT_PUBLIC_URL", "").rstrip("/")
# The office's name in the head of every page.
PLACE_NAME = env.text("GRIDMGMT_PLACE_NAME", "")

LOG_FORMAT = env.choice("GRIDMGMT_LOG_FORMAT", {"plain", "json"}, default="plain")
# Limits of the office's own stages; those of handling hang on the filing rule of the category,
# and `handle` counts only where a case has none. The second one is for urgent cases.
UNITS = {"urgent_hour", "urgent_day", "work_hour", "work_day"}
CLOCK_LIMITS = {
    "verify": (
        env.limit("GRIDMGMT_LIMIT_VERIFY", "4 work_hour", units=UNITS),
        env.limit("GRIDMGMT_LIMIT_VERIFY_URGENT", "1 urgent_hour", units=UNITS),
    ),
    "dispatch": (
        env.limit("GRIDMGMT_LIMIT_DISPATCH", "1 work_hour", units=UNITS),
        env.limit("GRIDMGMT_LIMIT_DISPATCH_URGENT", "1 urgent_hour", units=UNITS),
    ),
    "handle": (
        env.limit("GRIDMGMT_LIMIT_HANDLE", "5 work_day", units=UNITS),
        env.limit("GRIDMGMT_LIMIT_HANDLE_URGENT", "1 urgent_day", units=UNITS),
    ),
    "check": (
        env.limit("GRIDMGMT_LIMIT_CHECK", "1 work_day", units=UNITS),
        env.limit("GRIDMGMT_LIMIT_CHECK_URGENT", "1 work_day", units=UNITS),
    ),
}
# An overdue case climbs one tier at its limit and one more after each of these lengths.
ESCALATE_EVERY = env.limit("GRIDMGMT_ESCALATE_EVERY", "1 work_day", units=UNITS)
ESCALATE_EVERY_URGENT = env.limit("GRIDMGMT_ESCALATE_EVERY_URGENT", "1 urgent_hour", units=UNITS)
# How often one limit may be extended 延期.
EXTENSIONS_MAX = env.number("GRIDMGMT_EXTENSIONS_MAX", 2)

# Who is named as first 第一责任人 and as direct responsible person 直接责任人 of a grid: roles, the
# first of them that is held on the nearest area counts.
FIRST_RESPONSIBLE = env.words("GRIDMGMT_FIRST_RESPONSIBLE", ["grid_head", "leader"])
DIRECT_RESPONSIBLE = env.words("GRIDMGMT_DIRECT_RESPONSIBLE", ["manager"])
# The office's own names of roles: `manager=网格长/Grid keeper,coordinator=网格员`.
ROLE_NAMES = env.names("GRIDMGMT_ROLE_NAMES")

# Of several routing rules that apply, the narrower one wins, compared in this order.
ROUTING_DIMENSIONS = ["place", "category", "grade", "answer", "channel", "time"]
ROUTING_ORDER = env.words("GRIDMGMT_ROUTING_ORDER", ROUTING_DIMENSIONS)
if sorted(ROUTING_ORDER) != sorted(ROUTING_DIMENSIONS):
    raise ImproperlyConfigured(
        f"GRIDMGMT_ROUTING_ORDER must hold each of {', '.join(ROUTING_DIMENSIONS)} once."
    )

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {
        "plain": {"format": "{asctime} {levelname} {name} {message}", "style": "{"},
        "json": {"()": "gridmgmt.core.logs.JsonFormatter"},
    },
    "handlers": {"console": {"class": "logging.StreamHandler", "formatter": LOG_FORMAT}},
    # Four lines at each good sign-in, about attempts that never were; bad ones are warnings.
    "loggers": {
        "axes": {"level": "WARNING"},
        # Each step of each sheet of paper.
        "weasyprint": {"level": "WARNING"},
        "fontTools": {"level": "WARNING"},
    },
    "root": {"handlers": ["console"], "level": env.text("GRIDMGMT_LOG_LEVEL", "INFO")},
}
