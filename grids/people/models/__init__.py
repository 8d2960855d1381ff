"""People, departments, posts, absences, and what drafts of the division plan."""

from grids.people.models.department import Department
from grids.people.models.person import Person
from grids.people.models.planned_post import EditionPost, PlannedPost
from grids.people.models.post import Absence, Post

__all__ = ["Absence", "Department", "EditionPost", "Person", "PlannedPost", "Post"]
