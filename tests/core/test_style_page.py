"""One design system: the style page draws, colours can be read, nothing runs inline script."""

import re
from pathlib import Path

import pytest
from django.conf import settings
from django.contrib.staticfiles import finders
from django.template import engines
from django.test import Client

ROOT = Path(settings.BASE_DIR)
CSS = ROOT / "gridmgmt" / "static" / "css"
JS = ROOT / "gridmgmt" / "static" / "js"
SKIPPED = {".venv", "node_modules", ".local", ".git", "vendor"}
TEMPLATES = sorted(
    path for path in ROOT.rglob("templates/**/*.html") if not SKIPPED & set(path.parts)
)
# (paper, ink): text of usual size stands on these
PAIRS = [
    (paper, ink)
    for paper in ("bg", "surface", "sunken", "hover")
    for ink in ("text", "text-2", "accent", "accent-strong")
] + [
    ("accent", "on-accent"),
    ("accent-strong", "on-accent"),
    ("accent-soft", "accent"),
    ("accent-soft", "text"),
    ("red", "on-red"),
    ("map-land", "map-label"),
    ("map-building", "map-label-2"),
    ("map-halo", "map-tier-1"),
    ("map-halo", "map-tier-2"),
    ("map-halo", "map-tier-3"),
    ("surface", "green"),
    ("surface", "yellow"),
    ("surface", "red"),
    ("surface", "none"),
    ("hover", "red"),
    ("green-soft", "green"),
    ("yellow-soft", "yellow"),
    ("red-soft", "red"),
    ("none-soft", "none"),
    ("green-soft", "text"),
    ("yellow-soft", "text"),
    ("red-soft", "text"),
]
# borders of fields, shapes of lights and the ring of focus need less
SHAPES = [
    (paper, ink)
    for paper in ("bg", "surface")
    for ink in ("line-strong", "focus", "red-fill", "green-fill")
]


def _themes() -> dict[str, dict[str, str]]:
    """The colours of the light theme, the system's dark and the chosen dark, by name."""
    text = (CSS / "tokens.css").read_text()
    blocks = {
        "light": r":root \{(.*?)\n\}",
        "system-dark": r':root:not\(\[data-theme="light"\]\) \{(.*?)\n  \}',
        "chosen-dark": r':root\[data-theme="dark"\] \{(.*?)\n  \}',
    }
    found = {}
    for name, pattern in blocks.items():
        body = re.search(pattern, text, re.DOTALL)
        assert body, name
        found[name] = dict(re.findall(r"--([\w-]+):\s*([^;]+);", body[1]))
    return found


def _luminance(colour: str) -> float:
    channels = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    linear = [c / 12.92 if c <= 0.03928 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def _contrast(one: str, other: str) -> float:
    darker, lighter = sorted((_luminance(one), _luminance(other)))
    return (lighter + 0.05) / (darker + 0.05)


@pytest.mark.parametrize("theme", ["light", "system-dark"])
@pytest.mark.parametrize(("paper", "ink"), PAIRS)
def test_text_can_be_read(theme: str, paper: str, ink: str) -> None:
    colours = _themes()[theme]
    assert _contrast(colours[paper], colours[ink]) >= 4.5


@pytest.mark.parametrize("theme", ["light", "system-dark"])
@pytest.mark.parametrize(("paper", "ink"), SHAPES)
def test_shapes_can_be_seen(theme: str, paper: str, ink: str) -> None:
    colours = _themes()[theme]
    assert _contrast(colours[paper], colours[ink]) >= 3


def test_both_dark_themes_are_one() -> None:
    themes = _themes()
    assert themes["system-dark"] == themes["chosen-dark"]
    colours = {name for name, value in themes["light"].items() if value.startswith("#")}
    assert colours <= set(themes["system-dark"])


def test_every_colour_used_has_a_name() -> None:
    known = set(_themes()["light"])
    for sheet in CSS.glob("*.css"):
        used = set(re.findall(r"var\(--([\w-]+)", sheet.read_text()))
        assert used <= known, f"{sheet.name}: {sorted(used - known)}"


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("language", "lang", "switch"), [("zh-hans", "zh-hans", "EN"), ("en", "en", "中文")]
)
def test_the_style_page_draws_in_both_languages(language: str, lang: str, switch: str) -> None:
    answer = Client().get("/style/", headers={"accept-language": language})
    assert answer.status_code == 200
    page = answer.content.decode()
    assert f'<html lang="{lang}"' in page
    assert switch in page
    for component in ("light--red", "errors", "timeline", "tiles", "data-pick-map", "data-chart"):
        assert component in page, component


@pytest.mark.parametrize("name", ["400", "403", "403_csrf", "404", "500", "core/locked_out"])
def test_error_pages_draw_without_any_context(name: str) -> None:
    page = engines["django"].get_template(f"{name}.html").render({})
    assert "<h1>" in page
    assert 'href="/"' in page


@pytest.mark.parametrize("template", TEMPLATES, ids=lambda p: str(p.relative_to(ROOT)))
def test_no_template_runs_inline_script(template: Path) -> None:
    text = re.sub(r"{% comment %}.*?{% endcomment %}", "", template.read_text(), flags=re.DOTALL)
    for tag in re.findall(r"<script\b[^>]*>", text):
        assert re.search(r"\bsrc=", tag), f"inline script: {tag}"
    assert not re.search(r"<[a-z][^>]*\son[a-z]+\s*=", text), "inline event handler"
    assert "javascript:" not in text
    assert not re.search(r"""(?:src|href)=["'](?:https?:)?//""", text), "something from outside"


@pytest.mark.parametrize("template", TEMPLATES, ids=lambda p: str(p.relative_to(ROOT)))
def test_every_static_file_named_exists(template: Path) -> None:
    names = re.findall(r"""{%\s*static\s+['"]([^'"]+)['"]""", template.read_text())
    missing = [name for name in names if finders.find(name) is None]
    assert not missing, missing


@pytest.mark.parametrize("template", TEMPLATES, ids=lambda p: str(p.relative_to(ROOT)))
def test_every_icon_named_exists(template: Path) -> None:
    sprite = (ROOT / "gridmgmt/static/img/icons.svg").read_text()
    known = set(re.findall(r'<symbol id="([\w-]+)"', sprite))
    used = re.findall(r'components/icon\.html" with name="([\w-]+)"', template.read_text())
    used += re.findall(r'components/[\w]+\.html" with [^%]*icon="([\w-]+)"', template.read_text())
    assert set(used) <= known, sorted(set(used) - known)


def test_modules_import_only_what_exists() -> None:
    for module in JS.rglob("*.js"):
        text = module.read_text()
        assert len(text.splitlines()) < 300, module.name
        for target in re.findall(r'from "(\.[^"]+)"', text):
            assert (module.parent / target).resolve().is_file(), f"{module.name}: {target}"


def test_residents_pages_load_little() -> None:
    """What base_public.html and its scripts load before a map comes, uncompressed."""
    files = [CSS / f"{name}.css" for name in ("tokens", "base", "components", "print")]
    files += [JS / f"{name}.js" for name in ("prefs", "app", "dom", "photo", "draft")]
    files += [JS / "address-search.js"]
    files += [ROOT / f"gridmgmt/static/img/{name}.svg" for name in ("logo", "icons", "tiles")]
    assert sum(path.stat().st_size for path in files) <= 300_000
