"""Modules import each other under the names that pages load them by."""

import re
from pathlib import Path

import pytest
from django.conf import settings
from django.contrib.staticfiles import finders

from gridmgmt.core.static_files import StaticFiles

HASHED = re.compile(r"\.[0-9a-f]{12}\.js$")


@pytest.fixture
def collected(tmp_path: Path, settings) -> Path:
    settings.STATIC_ROOT = tmp_path
    storage = StaticFiles(location=tmp_path, base_url="/static/")
    paths = {}
    for finder in finders.get_finders():
        for name, source in finder.list([]):
            if name.startswith("js/"):
                target = tmp_path / name
                target.parent.mkdir(parents=True, exist_ok=True)
                target.write_bytes(Path(source.path(name)).read_bytes())
                paths[name] = (storage, name)
    problems = [done for _, _, done in storage.post_process(paths) if isinstance(done, Exception)]
    assert not problems
    return tmp_path


def test_imports_follow_the_hashed_names(collected: Path) -> None:
    modules = list((Path(settings.BASE_DIR) / "gridmgmt/static/js").rglob("*.js"))
    renamed = [
        path for path in collected.rglob("*.js") if re.search(r"\.[0-9a-f]{12}\.js$", path.name)
    ]
    assert len(renamed) >= len(modules)
    for path in renamed:
        for target in re.findall(r'\bfrom\s*"(\.[^"]+)"', path.read_text()):
            assert HASHED.search(target), f"{path.name} imports {target}"
            assert (path.parent / target).resolve().is_file()
