"""By whom: persons, departments, posts, leave, vacancies."""
