"""Every address of the product. Each room keeps its own urls.py; this file only mounts them."""

from django.contrib import admin
from django.urls import include, path
from drf_spectacular.views import SpectacularAPIView, SpectacularSwaggerSplitView

from incidents.views.home import home

urlpatterns = [
    path("", home, name="home"),
    path("", include("incidents.urls")),
    path("", include("gridmgmt.core.urls")),
    path("inbox/", include("gridmgmt.notifications.urls")),
    path("tiles/", include("maps.tile_urls")),
    path("map/", include("maps.urls")),
    path("grids/", include("maps.grid_urls")),
    path("division/", include("grids.territory.page_urls")),
    path("roster/", include("grids.people.urls")),
    path("", include("data.urls")),
    path("admin/", admin.site.urls),
    path("i18n/", include("django.conf.urls.i18n")),
    path("api/v1/", include("grids.territory.urls")),
    path("api/v1/", include("grids.people.api.urls")),
    path("api/schema/", SpectacularAPIView.as_view(), name="schema"),
    # The split view keeps its script in a file of its own, as script-src 'self' wants it.
    path("api/docs/", SpectacularSwaggerSplitView.as_view(url_name="schema"), name="api_docs"),
]
