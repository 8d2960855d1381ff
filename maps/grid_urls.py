"""Public pages of areas and their sheets, mounted at /grids/."""

from django.urls import path

from maps import batch_views, grid_views

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
    path("<str:code>/boards/", batch_views.page, name="boards"),
    path("<str:code>/boards.pdf", batch_views.pdf, name="boards_pdf"),
    path("<slug:tier>/<str:code>/", grid_views.page, name="page_of_tier"),
]
