"""People, departments, posts, absences, what drafts plan, and what offices tell of an area."""

from grids.people.models.department import Department
from grids.people.models.notice import GridNotice
from grids.people.models.person import Person
from grids.people.models.planned_post import EditionPost, PlannedPost
from grids.people.models.post import Absence, Post

__all__ = ["Absence", "Department", "EditionPost", "GridNotice", "Person", "PlannedPost", "Post"]
