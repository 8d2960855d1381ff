"""Persons, departments, posts, absences."""

from grids.people.models.department import Department
from grids.people.models.person import Person
from grids.people.models.post import Absence, Post

__all__ = ["Absence", "Department", "Person", "Post"]
