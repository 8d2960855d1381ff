"""The form that asks for a division by machine."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from grids.territory.division import EMPHASES
from grids.territory.services.division_areas import DivisibleArea
from grids.territory.services.division_wishes import (
    MOST_SEED,
    MOST_TARGET,
    MOST_WEIGHT,
    Asked,
    usual_target,
)
from grids.territory.services.division_writing import EMPHASIS_LABELS


class DivisionForm(forms.Form):
    """What the machine shall do. Weights of the workload are shares of any size: 1 and 1 is half
    and half."""

    areas = forms.MultipleChoiceField(
        label=_("Areas to divide"),
        widget=forms.CheckboxSelectMultiple,
        error_messages={"required": _("Choose at least one area to divide.")},
    )
    target = forms.FloatField(
        label=_("Households a grid"), min_value=1, max_value=MOST_TARGET, help_text=_("The target.")
    )
    band = forms.FloatField(
        label=_("Band, ± %"),
        min_value=1,
        max_value=90,
        help_text=_("How far a grid may be off the target."),
    )
    households = forms.FloatField(label=_("Households"), min_value=0, max_value=MOST_WEIGHT)
    cases = forms.FloatField(label=_("Cases of last year"), min_value=0, max_value=MOST_WEIGHT)
    strength = forms.FloatField(label=_("Node strength"), min_value=0, max_value=MOST_WEIGHT)
    stability = forms.FloatField(
        label=_("Weight of today's grids"),
        min_value=0,
        max_value=MOST_WEIGHT,
        help_text=_("0: they do not matter. The larger, the less changes against today."),
    )
    emphases = forms.MultipleChoiceField(
        label=_("Proposals"),
        widget=forms.CheckboxSelectMultiple,
        choices=[(key, EMPHASIS_LABELS[key]) for key in EMPHASES],
        help_text=_("One proposal each, to compare."),
        error_messages={"required": _("Choose at least one proposal.")},
    )
    seed = forms.IntegerField(
        label=_("Seed"),
        min_value=0,
        max_value=MOST_SEED,
        help_text=_("The same seed gives the same result; another one gives other proposals."),
    )

    def __init__(self, *args: Any, areas: Sequence[DivisibleArea], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["areas"].choices = [(area.code, area.label) for area in areas]
        for name in ("target", "band", "households", "cases", "strength", "stability"):
            self.fields[name].widget.attrs.update(step="any", inputmode="decimal")

    @staticmethod
    def initial_of(asked: Asked | None, areas: Sequence[str] = ()) -> dict[str, Any]:
        """The values of earlier wishes, or the usual ones."""
        asked = asked or Asked(areas=tuple(areas), target=usual_target())
        return asked.as_json() | {
            "target": _plain(asked.target),
            "band": _plain(round(asked.band * 100, 6)),
            **{
                name: _plain(getattr(asked, name))
                for name in ("households", "cases", "strength", "stability")
            },
        }

    def asked(self) -> Asked:
        """The wishes of a valid form."""
        data = self.cleaned_data
        return Asked(
            areas=tuple(data["areas"]),
            target=data["target"],
            band=data["band"] / 100,
            households=data["households"],
            cases=data["cases"],
            strength=data["strength"],
            stability=data["stability"],
            emphases=tuple(data["emphases"]),
            seed=data["seed"],
        )


def _plain(value: float) -> float | int:
    """Whole numbers without a point."""
    return int(value) if float(value).is_integer() else value
