"""Addresses of the pages where the division is drawn, checked and published: /division/."""

from django.urls import path

from grids.territory.views import division, draw, editions, exports, imports, lists

app_name = "division"
urlpatterns = [
    path("", editions.edition_list, name="editions"),
    path("<int:pk>/difference/", editions.edition_page, name="edition"),
    path("<int:pk>/publish/", editions.publish, name="publish"),
    path("<int:pk>/rebase/", editions.rebase, name="rebase"),
    path("<int:pk>/withdraw/", editions.withdraw, name="withdraw"),
    path("<int:pk>/", draw.draw, name="draft"),
    path("<int:pk>/propose/", division.propose, name="propose"),
    path("<int:pk>/propose/<int:run>/", division.run_page, name="run"),
    path("<int:pk>/propose/<int:run>/cancel/", division.cancel, name="run_cancel"),
    path("<int:pk>/propose/<int:run>/again/", division.again, name="run_again"),
    path("<int:pk>/propose/<int:run>/<int:number>/take/", division.take, name="take"),
    path("<int:pk>/steps.json", draw.steps, name="steps"),
    path("export.<slug:ending>", exports.export_current, name="export_current"),
    path("<int:pk>/export.<slug:ending>", exports.export_draft, name="export"),
    path("<int:pk>/import/", imports.upload, name="import"),
    path("<int:pk>/import/<uuid:token>/", imports.preview, name="import_file"),
    path("<int:pk>/import/<uuid:token>/areas.geojson", imports.outlines, name="import_outlines"),
    path("<int:pk>/import/<uuid:token>/discard/", imports.discard, name="import_discard"),
    path("<int:pk>/list/", lists.upload, name="list"),
    path("<int:pk>/list/<uuid:token>/", lists.preview, name="list_file"),
    path("<int:pk>/list/<uuid:token>/discard/", lists.discard, name="list_discard"),
]
