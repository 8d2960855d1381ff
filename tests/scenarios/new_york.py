"""New York's own requests, routed by us and compared with what the city published.

`python -m tests.scenarios.new_york TRACTS.csv BOARDS.csv [--slivers JSON] [--write PAGE]` compares
two files that `route_points` wrote: one from the database with boroughs, neighbourhoods and tracts,
one from the database with boroughs and community districts. See script/new-york.
"""

from __future__ import annotations

import argparse
import csv
import gzip
import json
import sys
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import geopandas
import shapely

DATA = Path(__file__).parent / "data"
AREAS = DATA / "nyc_areas.gpkg"
REQUESTS = DATA / "nyc_311_animals_2025q1.csv.gz"
BOROUGHS = {"MANHATTAN": "1", "BRONX": "2", "BROOKLYN": "3", "QUEENS": "4", "STATEN ISLAND": "5"}
BOROUGH_TARGET, BOARD_TARGET = 0.998, 0.993
UTM = "EPSG:32618"

# What each division is made of: layer, tier, columns.
TRACTS = (
    ("borough", "street", ("--code", "BoroCode", "--name", "BoroName")),
    ("nta2010", "community", ("--code", "NTACode", "--name", "NTAName", "--parent", "BoroCode")),
    ("tract2010", "grid", ("--code", "BoroCT2010", "--name", "CTLabel", "--parent", "NTACode")),
)
BOARDS = (
    TRACTS[0],
    (
        "community_district",
        "community",
        ("--code", "boro_cd", "--name", "boro_cd", "--parent", "boro_code"),
    ),
)


@dataclass(frozen=True)
class Disagreement:
    """A request whose published area is another than ours, and how far it lies from that area."""

    key: str
    published: str
    ours: str
    answer: str
    border_m: float
    address: str


@dataclass(frozen=True)
class Comparison:
    """Of `readable` requests `agreed` have the published area."""

    agreed: int
    readable: int
    disagreements: list[Disagreement]

    @property
    def share(self) -> float:
        return self.agreed / self.readable


def unpack_requests(target: Path) -> Path:
    """The city's requests as a plain CSV file."""
    target.write_bytes(gzip.decompress(REQUESTS.read_bytes()))
    return target


def published_borough(row: dict[str, str]) -> str | None:
    """The borough's code; None when the city left it out."""
    return BOROUGHS.get(row["Borough"])


def published_board(row: dict[str, str]) -> str | None:
    """`05 BROOKLYN` → `305`; None for `Unspecified …`."""
    number, _blank, borough = row["Community Board"].partition(" ")
    if not number.isdigit() or borough not in BOROUGHS:
        return None
    return f"{BOROUGHS[borough]}{int(number):02}"


def compare_boroughs(rows: list[dict[str, str]]) -> Comparison:
    """Over all rows: what the city left out counts against us."""
    return _compare(
        rows, [published_borough(row) or "?" for row in rows], "street", "borough", "BoroCode"
    )


def compare_boards(rows: Iterable[dict[str, str]]) -> Comparison:
    """Over the rows whose board can be read."""
    readable = [row for row in rows if published_board(row)]
    boards = [published_board(row) or "" for row in readable]
    return _compare(readable, boards, "community", "community_district", "boro_cd")


def _compare(
    rows: list[dict[str, str]], published: list[str], tier: str, layer: str, column: str
) -> Comparison:
    frame = geopandas.read_file(AREAS, layer=layer).to_crs(UTM)
    outlines = {str(code): shape for code, shape in zip(frame[column], frame.geometry, strict=True)}
    found = []
    for row, theirs in zip(rows, published, strict=True):
        if row[tier] == theirs:
            continue
        point = geopandas.GeoSeries.from_xy(
            [float(row["Longitude"])], [float(row["Latitude"])], crs=4326
        ).to_crs(UTM)[0]
        outline = outlines.get(theirs)
        border_m = shapely.distance(point, outline) if outline is not None else float("nan")
        found.append(
            Disagreement(
                row["Unique Key"],
                theirs,
                row[tier] or "—",
                row["answer"],
                float(border_m),
                row["Incident Address"].title() or "—",
            )
        )
    found.sort(key=lambda item: (-item.border_m if item.border_m == item.border_m else 1, item.key))
    return Comparison(len(rows) - len(found), len(rows), found)


def report(boroughs: Comparison, boards: Comparison, slivers: list[dict]) -> str:
    """The page docs/new-york.md; `slivers` as check_coverage --json lists them."""
    lines = [
        "# New York: 4,907 requests routed and compared",
        "",
        "The platform routed the city's own requests (animals, first quarter of 2025) by their",
        "coordinates alone and compared the area with what the city published. `./script/new-york`",
        "repeats it; origin and licence of the data stand in `tests/scenarios/data/README.md`.",
        "",
        "| division | compared | agree | share | target |",
        "|---|---|---|---|---|",
        f"| borough → neighbourhood → tract, by borough | {boroughs.readable} | {boroughs.agreed} "
        f"| {boroughs.share:.2%} | {BOROUGH_TARGET:.1%} |",
        f"| borough → community district, by board | {boards.readable} | {boards.agreed} "
        f"| {boards.share:.2%} | {BOARD_TARGET:.1%} |",
        "",
        "Below: every disagreement with the distance from the point to the area that the city",
        "published. Nearly all lie within the width of a border street, which belongs to one side",
        "by geometry and to the other by the city's address list.",
    ]
    for title, comparison in (("Boroughs", boroughs), ("Community boards", boards)):
        lines += [
            "",
            f"## {title}: {len(comparison.disagreements)} disagreements",
            "",
            "| request | published | ours | answer | metres from the published area | address |",
            "|---|---|---|---|---|---|",
        ]
        for item in comparison.disagreements:
            far = "no such area" if item.border_m != item.border_m else f"{item.border_m:.1f}"
            lines.append(
                f"| {item.key} | {item.published} | {item.ours} | {item.answer} | {far} "
                f"| {item.address} |"
            )
    lines += sliver_lines(slivers)
    return "\n".join(lines) + "\n"


def sliver_lines(slivers: list[dict]) -> list[str]:
    """What the check of the three tiers found, and what became of it."""
    if not slivers:
        return []
    lines = [
        "",
        f"## Proof of coverage: {len(slivers)} findings, repaired to none",
        "",
        "2,165 tracts in 195 neighbourhoods in 5 boroughs, as the city publishes them. Below is",
        "all that `check_coverage` lists. `repair_coverage` mends it in one step; then the check",
        "lists nothing, and all requests are routed as before: only this ground has changed hands.",
        "",
        "| kind | tier | codes | m² | place |",
        "|---|---|---|---|---|",
    ]
    lines += [
        f"| {row['kind']} | {row['tier']} | {', '.join(row['codes'])} | {row['area_m2']:.2f} "
        f"| {row['lon']:.5f} {row['lat']:.5f} |"
        for row in slivers
    ]
    return lines


def read_rows(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as text:
        return list(csv.DictReader(text))


def main() -> int:
    parser = argparse.ArgumentParser(description="Compare routed requests with the published areas")
    parser.add_argument("tracts", type=Path)
    parser.add_argument("boards", type=Path)
    parser.add_argument("--write", type=Path, help="write the list of disagreements here")
    parser.add_argument("--slivers", type=Path, help="what check_coverage --json listed")
    options = parser.parse_args()
    slivers = json.loads(options.slivers.read_text(encoding="utf-8")) if options.slivers else []
    boroughs = compare_boroughs(read_rows(options.tracts))
    boards = compare_boards(read_rows(options.boards))
    sys.stdout.write(f"borough {boroughs.share:.2%} of {boroughs.readable}\n")
    sys.stdout.write(f"community board {boards.share:.2%} of {boards.readable}\n")
    if options.write:
        options.write.write_text(report(boroughs, boards, slivers), encoding="utf-8")
    return 0 if boroughs.share >= BOROUGH_TARGET and boards.share >= BOARD_TARGET else 1


if __name__ == "__main__":
    sys.exit(main())
