"""The product played in Chromium."""

import pytest

# Failed checks of the frame show their values.
pytest.register_assert_rewrite("tests.e2e.frame")
