"""Addresses of the incidents room, mounted at the root."""

from django.urls import include, path

from incidents.views import calls, case, field, home, photos, public, today, work

app_name = "incidents"
urlpatterns = [
    path("api/v1/", include("incidents.api.urls")),
    path("photos/<int:pk>/", photos.photo, name="photo"),
    path("photos/<int:pk>/<slug:size>/", photos.photo, name="photo_sized"),
    # residents
    path("reports.geojson", home.open_reports_geojson, name="open_reports"),
    path("report/", public.report, name="report"),
    path("report/sent/<str:number>/", public.sent, name="sent"),
    path("follow/", public.follow, name="follow"),
    path("follow/<str:number>/", public.follow_case, name="follow_case"),
    # coordinators
    path("field/", field.report, name="field"),
    path("field/list/", field.own_list, name="field_list"),
    path("field/map/", field.own_map, name="field_map"),
    path("field/cases.geojson", field.own_cases, name="field_cases"),
    # desks
    path("today/", today.today, name="today"),
    path("today/receipt/<slug:number>/", today.receipt, name="receipt"),
    path("work/", work.work_list, name="work"),
    path("work/new/", calls.take_call, name="call"),
    path("work/new/earlier/", calls.earlier_calls, name="earlier_calls"),
    path("work/<slug:number>/", case.case_page, name="case"),
    path("work/<slug:number>/panel/", case.case_panel, name="case_panel"),
    path("work/<slug:number>/contact/", case.contact, name="contact"),
    path("work/<slug:number>/act/<slug:action>/", case.act, name="act"),
]
