"""What pages load from static/vendor/ is what set-up copies there."""

import re
from pathlib import Path

import pytest

from script.lib.vendor import FILES, copy_vendor

ROOT = Path(__file__).resolve().parents[2]
USED = re.compile(r"vendor/([\w.-]+)/([\w./-]+\.\w+)")


def test_every_vendor_file_that_a_page_names_is_copied() -> None:
    copied = {(package, name) for package, files in FILES.items() for name in files.values()}
    sources = [
        path
        for pattern in ("*/templates/**/*.html", "*/*/templates/**/*.html", "*/static/js/**/*.js")
        for path in ROOT.glob(pattern)
        if "node_modules" not in path.parts and ".venv" not in path.parts
    ]
    assert sources
    for source in sources:
        for used in USED.findall(source.read_text()):
            assert used in copied, f"{source.relative_to(ROOT)} loads vendor/{'/'.join(used)}"


def test_copying_replaces_whole_and_drops_source_maps(tmp_path: Path) -> None:
    packages = tmp_path / "node_modules"
    for package, files in FILES.items():
        for source in files:
            path = packages / package / source
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text("code();\n//# sourceMappingURL=away.map\n")
    target = tmp_path / "vendor"
    target.mkdir()
    (target / "old.js").write_text("")
    copy_vendor(packages, target)
    assert not (target / "old.js").exists()
    assert (target / "leaflet" / "leaflet.js").read_text() == "code();\n"


def test_a_missing_file_leaves_the_old_copy(tmp_path: Path) -> None:
    target = tmp_path / "vendor"
    target.mkdir()
    (target / "old.js").write_text("")
    with pytest.raises(FileNotFoundError):
        copy_vendor(tmp_path / "node_modules", target)
    assert (target / "old.js").exists()
