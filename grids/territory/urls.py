"""Addresses of the territory, mounted below /api/v1/."""

from django.urls import path

from grids.territory.api import division_runs, drawing, editions, findings, views

app_name = "territory"
urlpatterns = [
    path("editions/", editions.EditionList.as_view(), name="editions"),
    path("editions/<int:pk>/", editions.EditionDetail.as_view(), name="edition"),
    path(
        "editions/<int:pk>/difference/",
        editions.EditionDifference.as_view(),
        name="edition_difference",
    ),
    path(
        "editions/<int:pk>/difference.geojson",
        editions.EditionDifferenceOutlines.as_view(),
        name="edition_difference_outlines",
    ),
    path("editions/<int:pk>/publish/", editions.EditionPublish.as_view(), name="edition_publish"),
    path(
        "editions/<int:pk>/withdraw/", editions.EditionWithdraw.as_view(), name="edition_withdraw"
    ),
    path("editions/<int:pk>/rebase/", editions.EditionRebase.as_view(), name="edition_rebase"),
    path("editions/<int:pk>/steps/", drawing.Steps.as_view(), name="draft_steps"),
    path("editions/<int:pk>/undo/", drawing.Undo.as_view(), name="draft_undo"),
    path("editions/<int:pk>/redo/", drawing.Redo.as_view(), name="draft_redo"),
    path("editions/<int:pk>/numbers/", drawing.DraftNumbers.as_view(), name="draft_numbers"),
    path("editions/<int:pk>/grids.geojson", drawing.DraftOutlines.as_view(), name="draft_outlines"),
    path("editions/<int:pk>/findings/", findings.FindingList.as_view(), name="draft_findings"),
    path(
        "editions/<int:pk>/findings/repair_all/",
        findings.FindingRepairAll.as_view(),
        name="draft_repair_all",
    ),
    path(
        "editions/<int:pk>/findings/<int:finding>/preview/",
        findings.FindingPreview.as_view(),
        name="draft_repair_preview",
    ),
    path(
        "editions/<int:pk>/findings/<int:finding>/repair/",
        findings.FindingRepair.as_view(),
        name="draft_repair",
    ),
    path("editions/<int:pk>/division-runs/", division_runs.RunList.as_view(), name="division_runs"),
    path(
        "editions/<int:pk>/division-runs/<int:run>/",
        division_runs.RunDetail.as_view(),
        name="division_run",
    ),
    path(
        "editions/<int:pk>/division-runs/<int:run>/cancel/",
        division_runs.RunCancel.as_view(),
        name="division_run_cancel",
    ),
    path(
        "editions/<int:pk>/division-runs/<int:run>/proposals/<int:number>.geojson",
        division_runs.ProposalOutlines.as_view(),
        name="division_proposal_outlines",
    ),
    path(
        "editions/<int:pk>/division-runs/<int:run>/proposals/<int:number>/take/",
        division_runs.ProposalTake.as_view(),
        name="division_proposal_take",
    ),
    path("ground/lines.geojson", drawing.GroundLines.as_view(), name="ground_lines"),
    path("tiers/", views.TierList.as_view(), name="tiers"),
    path("grids/", views.GridList.as_view(), name="grids"),
    path("grids.geojson", views.GridOutlines.as_view(), name="outlines"),
    path("grids/<slug:tier>/<str:code>/", views.GridDetail.as_view(), name="grid"),
    path("places/", views.PlaceSearch.as_view(), name="places"),
]
