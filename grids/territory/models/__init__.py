"""Tiers, grids, boundaries, editions, lineage, findings, ground features and places."""

from grids.territory.models.boundary import Boundary
from grids.territory.models.division_run import DivisionProposal, DivisionRun, ProposedGrid
from grids.territory.models.draft_step import DraftStep
from grids.territory.models.edition import Edition, Finding, Lineage
from grids.territory.models.grid import Grid, Tier
from grids.territory.models.ground import Building, Road, Water
from grids.territory.models.place import Place
from grids.territory.models.waiting_file import WaitingFile

__all__ = [
    "Boundary",
    "Building",
    "DivisionProposal",
    "DivisionRun",
    "DraftStep",
    "Edition",
    "Finding",
    "Grid",
    "Lineage",
    "Place",
    "ProposedGrid",
    "Road",
    "Tier",
    "WaitingFile",
    "Water",
]
