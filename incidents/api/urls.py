"""Addresses of the interface, below /api/v1/."""

from django.urls import path

from incidents.api.cases import ActionView, IncidentView, RatingView, ReopeningView
from incidents.api.maps import CategoriesView, IncidentsMapView, KindsView, NearbyView
from incidents.api.reports import IncidentsView

urlpatterns = [
    path("incidents/", IncidentsView.as_view(), name="api_incidents"),
    path("incidents.geojson", IncidentsMapView.as_view(), name="api_incidents_map"),
    path("incidents/nearby/", NearbyView.as_view(), name="nearby"),
    path("incidents/<str:number>/", IncidentView.as_view(), name="api_incident"),
    path("incidents/<str:number>/rating/", RatingView.as_view(), name="api_rating"),
    path("incidents/<str:number>/reopening/", ReopeningView.as_view(), name="api_reopening"),
    path("incidents/<str:number>/actions/<slug:action>/", ActionView.as_view(), name="api_action"),
    path("categories/", CategoriesView.as_view(), name="api_categories"),
    path("report-kinds/", KindsView.as_view(), name="api_report_kinds"),
]
