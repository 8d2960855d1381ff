"""Answers that a batch asks for once.

A function whose question is small (the posts of one path) may, inside `keeping`, ask the large one
(all posts) once and choose from its answer. Outside nothing is kept, so a single request never
reads what is no longer true.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any, TypeVar

Answer = TypeVar("Answer")
Answers = dict[Hashable, Any]
_answers: ContextVar[Answers | None] = ContextVar("answers", default=None)


@contextmanager
def keeping(answers: Answers) -> Iterator[None]:
    """Within the block `once` keeps what it learns in `answers`, whose owner decides for how long.

    They are good for one transaction and one moment.
    """
    token = _answers.set(answers)
    try:
        yield
    finally:
        _answers.reset(token)


def is_kept() -> bool:
    """Whether the caller works for a batch, so that a large question pays."""
    return _answers.get() is not None


def once(key: Hashable, ask: Callable[[], Answer]) -> Answer:
    """What `ask` answers; within `keeping` it is asked once for each key."""
    answers = _answers.get()
    if answers is None:
        return ask()
    if key not in answers:
        answers[key] = ask()
    return answers[key]
