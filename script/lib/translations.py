"""`script/translations`: the catalogue of each language, brought up to date with the code.

Sources are read in a copy, because the extraction writes files beside the templates it reads.
"""

import re
import shutil
import subprocess
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from .common import ROOT, Refusal, say, tool
from .environment import environment
from .setup import setup

LOCALE = ROOT / "gridmgmt" / "locale"
ROOMS = ("gridmgmt", "grids", "residents", "incidents", "data", "maps")
# What changes with every run, or says nothing.
NOISE = re.compile(
    r'^"(POT-Creation-Date|PO-Revision-Date|Language-Team|Last-Translator|Report-Msgid-Bugs-To)'
)
_QUOTED = re.compile(r'"(.*)"\s*$')
_ESCAPES = {"n": "\n", "t": "\t", '"': '"', "\\": "\\"}


@dataclass
class Message:
    """One entry of a catalogue: what the code says, and what a reader is shown."""

    context: str = ""
    text: str = ""
    plural: str = ""
    translations: list[str] = field(default_factory=list)
    flags: set[str] = field(default_factory=set)
    files: list[str] = field(default_factory=list)

    @property
    def key(self) -> tuple[str, str]:
        """What tells entries apart."""
        return self.context, self.text

    @property
    def done(self) -> bool:
        """Whether a translator has finished it."""
        return bool(self.translations) and all(self.translations) and "fuzzy" not in self.flags


def read(catalogue: Path) -> dict[tuple[str, str], Message]:
    """The entries of a .po or .pot file by context and text, without its header."""
    messages = {}
    for block in re.split(r"\n\s*\n", catalogue.read_text(encoding="utf-8")):
        message = _message(block)
        if message.text:
            messages[message.key] = message
    return messages


def _message(block: str) -> Message:
    message, into = Message(), ""
    for line in block.splitlines():
        if line.startswith("#,"):
            message.flags |= {flag.strip() for flag in line[2:].split(",")}
        elif line.startswith("#:"):
            message.files += line[2:].split()
        elif not line.startswith("#"):
            word, _space, rest = line.partition(" ")
            if not line.startswith('"'):
                into = word
                if into.startswith("msgstr"):
                    message.translations.append("")
            _add(message, into, _unquoted(rest if not line.startswith('"') else line))
    return message


def _unquoted(text: str) -> str:
    match = _QUOTED.search(text)
    inside = match[1] if match else ""
    return re.sub(r"\\(.)", lambda found: _ESCAPES.get(found[1], found[1]), inside)


def _add(message: Message, into: str, text: str) -> None:
    if into == "msgctxt":
        message.context += text
    elif into == "msgid":
        message.text += text
    elif into == "msgid_plural":
        message.plural += text
    elif into.startswith("msgstr"):
        message.translations[-1] += text


def extract(folder: Path, env: Mapping[str, str]) -> Path:
    """Writes the template of all texts in the code to `folder` and returns its path."""
    for room in ROOMS:
        for path in sorted((ROOT / room).rglob("*")):
            if path.suffix in {".py", ".html"} and "__pycache__" not in path.parts:
                target = folder / path.relative_to(ROOT)
                target.parent.mkdir(parents=True, exist_ok=True)
                shutil.copyfile(path, target)
    (folder / "locale").mkdir()
    command = [tool("python"), str(ROOT / "manage.py"), "makemessages", "--locale", "zh_Hans"]
    command += ["--keep-pot", "--no-wrap", "--add-location", "file"]
    result = subprocess.run(
        command, cwd=folder, env=dict(env), capture_output=True, text=True, check=False
    )
    if result.returncode:
        raise Refusal(f"The texts cannot be read: {result.stderr.strip()[-600:]}")
    return folder / "locale" / "django.pot"


def merge(catalogue: Path, template: Path) -> None:
    """Takes new texts into a catalogue, keeps translations, drops what the code no longer says."""
    before = catalogue.read_text(encoding="utf-8")
    merged = _output("msgmerge", "--quiet", "--no-fuzzy-matching", "--no-wrap", catalogue, template)
    catalogue.write_text(merged, encoding="utf-8")
    kept = _output("msgattrib", "--no-obsolete", "--no-wrap", catalogue)
    after = "".join(line for line in kept.splitlines(keepends=True) if not NOISE.match(line))
    catalogue.write_text(after, encoding="utf-8")
    if after != before:
        say(f"· {catalogue} has changed")


def _output(*command: str | Path) -> str:
    result = subprocess.run(
        [str(part) for part in command], capture_output=True, encoding="utf-8", check=False
    )
    if result.returncode:
        raise Refusal(f"{command[0]}: {result.stderr.strip()[-600:]}")
    return result.stdout


def report(catalogue: Path) -> int:
    """Says what a catalogue still lacks and returns how many texts that are."""
    messages = read(catalogue)
    missing = [message for message in messages.values() if not message.done]
    for message in missing:
        context = f" ({message.context})" if message.context else ""
        say(f"  {' '.join(message.files)}: {message.text!r}{context}")
    _output("msgfmt", "--check", "--output-file", catalogue.with_suffix(".mo"), catalogue)
    say(f"· {catalogue.parent.parent.name}: {len(messages)} texts, {len(missing)} not translated")
    return len(missing)


def main(_arguments: list[str]) -> int:
    """Extracts, merges, compiles; 1 when a text is not translated."""
    setup(tests=True)
    missing = 0
    with environment("test") as env, tempfile.TemporaryDirectory() as folder:
        template = extract(Path(folder), env)
        for catalogue in sorted(LOCALE.glob("*/LC_MESSAGES/django.po")):
            merge(catalogue, template)
            missing += report(catalogue)
    return 1 if missing else 0
