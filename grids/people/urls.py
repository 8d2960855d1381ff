"""Addresses of the roster's pages: /roster/."""

from django.urls import path

from grids.people.views import changes, details, drafts, files, lists, vacancies

app_name = "roster"
urlpatterns = [
    path("", lists.grids, name="grids"),
    path("people/", lists.people, name="people"),
    path("people/new/", changes.person_new, name="person_new"),
    path("people/<int:pk>/", details.person, name="person"),
    path("people/<int:pk>/edit/", changes.person_edit, name="person_edit"),
    path("people/<int:pk>/phone/", details.phone, name="phone"),
    path("people/<int:pk>/leave/", changes.leave, name="leave"),
    path("people/<int:pk>/stand-in/", changes.stand_in, name="stand_in"),
    path("absences/<int:pk>/end/", changes.leave_end, name="leave_end"),
    path("appoint/", changes.appoint, name="appoint"),
    path("posts/<int:pk>/end/", changes.end, name="end"),
    path("posts/<int:pk>/transfer/", changes.transfer, name="transfer"),
    path("posts/<int:pk>/lead/", changes.lead, name="lead"),
    path("grids/<str:code>/", details.grid, name="grid"),
    path("vacancies/", vacancies.vacancies, name="vacancies"),
    path("drafts/<int:pk>/", drafts.planned, name="planned"),
    path("drafts/<int:pk>/posts/<int:planned_pk>/remove/", drafts.unplan, name="unplan"),
    path("import/", files.upload, name="import"),
    path("import/template.xlsx", files.template, name="import_template"),
    path("export.<str:ending>", files.export, name="export"),
]
