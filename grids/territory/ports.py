"""What the territory asks of rooms above it: they register, it never imports them.

A port that nobody has filled answers with nothing, so a part that is not there counts as zero.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

FloatArray = npt.NDArray[np.float64]
Box = tuple[float, float, float, float]  # west, south, east, north in degrees (EPSG:4326)


@dataclass(frozen=True)
class WeightedPoints:
    """Points in EPSG:4326 (degrees) with a weight each; three arrays of one length."""

    lon: FloatArray
    lat: FloatArray
    weight: FloatArray

    @classmethod
    def none(cls) -> WeightedPoints:
        """No points at all."""
        empty = np.empty(0, dtype=np.float64)
        return cls(empty, empty, empty)


CASES = "cases"  # one point a case reported in the time asked for, weight 1
STRENGTH = "strength"  # one point a node, weight its strength at the end of the time

PointSource = Callable[[dt.datetime, dt.datetime, Box], WeightedPoints]
PublishStep = Callable[[Any, dt.datetime, Any], None]  # edition, moment it takes effect, actor

_sources: dict[str, PointSource] = {}
_on_publish: list[PublishStep] = []
_on_withdraw: list[PublishStep] = []


def provide_points(port: str, source: PointSource) -> None:
    """Fill the port CASES or STRENGTH; an upper room calls this in `AppConfig.ready`."""
    _sources[port] = source


def points(port: str, start: dt.datetime, end: dt.datetime, box: Box) -> WeightedPoints:
    """The port's points inside `box` for start ≤ time < end; none when nobody provides them."""
    source = _sources.get(port)
    return source(start, end, box) if source else WeightedPoints.none()


def on_publish(step: PublishStep) -> None:
    """Have `step` run inside the transaction that publishes an edition (posts of new grids)."""
    if step not in _on_publish:
        _on_publish.append(step)


def on_withdraw(step: PublishStep) -> None:
    """Have `step` run inside the transaction that calls a published edition back."""
    if step not in _on_withdraw:
        _on_withdraw.append(step)


def run_publish_steps(edition: Any, moment: dt.datetime, actor: Any) -> None:
    """All steps of the upper rooms; an error of one of them undoes the publishing."""
    for step in _on_publish:
        step(edition, moment, actor)


def run_withdraw_steps(edition: Any, moment: dt.datetime, actor: Any) -> None:
    """As above, for an edition that is called back before it takes effect."""
    for step in _on_withdraw:
        step(edition, moment, actor)
