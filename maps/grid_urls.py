"""Public pages of areas and their sheets, mounted at /grids/."""

from django.urls import path

from maps import grid_views

app_name = "grid_pages"
urlpatterns = [
    path("<str:code>/", grid_views.page, name="page"),
    *(
        path(f"<str:code>/{sheet}/", grid_views.sheet_page, {"sheet": sheet}, name=sheet)
        for sheet in grid_views.PUBLIC_SHEETS
    ),
    *(
        path(f"<str:code>/{sheet}.pdf", grid_views.sheet_pdf, {"sheet": sheet}, name=f"{sheet}_pdf")
        for sheet in grid_views.PUBLIC_SHEETS
    ),
    path("<slug:tier>/<str:code>/", grid_views.page, name="page_of_tier"),
]
