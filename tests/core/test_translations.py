"""The Chinese catalogue is whole, fits the code, and speaks to residents in their own words."""

import os
import re
from collections import Counter
from pathlib import Path

import pytest
from django.apps import apps
from django.utils.functional import Promise
from django.utils.translation import override

from incidents.choices import PublicState, State
from script.lib.translations import LOCALE, Message, extract, merge, read

CATALOGUE = LOCALE / "zh_Hans" / "LC_MESSAGES" / "django.po"
PYTHON_FIELD = re.compile(r"%(?:\((\w+)\))?[-+ 0#]*\d*(?:\.\d+)?[sdfr]")
BRACE_FIELD = re.compile(r"\{(\w*)\}")
TAG = re.compile(r"</?[a-z][^>]*>")
# The office's stages, which residents never meet.
OFFICE_WORDS = re.compile("立案|派遣|挂账|作废")
PUBLIC_FILES = (
    "incidents/templates/incidents/public/",
    "incidents/forms/follow.py",
    "incidents/forms/reports.py",
    "incidents/services/effects_reporter.py",
    "incidents/services/feedback.py",
    "incidents/services/intake_checks.py",
    "incidents/services/photos.py",
    "incidents/views/home.py",
    "incidents/views/parts.py",
    "incidents/views/public.py",
    "gridmgmt/templates/components/footer.html",
    "gridmgmt/templates/components/header_public.html",
    "gridmgmt/templates/core/privacy.html",
)
HALF_WIDTH = re.compile(r"[\u4e00-\u9fff][,;:?!](?:\s|[\u4e00-\u9fff]|$)|[\u4e00-\u9fff]\.(?:\s|$)")


@pytest.fixture(scope="module")
def said(tmp_path_factory: pytest.TempPathFactory) -> dict[tuple[str, str], Message]:
    """Every text that the code shows now."""
    return read(extract(tmp_path_factory.mktemp("texts"), os.environ))


@pytest.fixture(scope="module")
def chinese() -> dict[tuple[str, str], Message]:
    """The catalogue as it is committed."""
    return read(CATALOGUE)


def fields(text: str) -> Counter[str]:
    """Placeholders and tags, however often; their order may differ between languages."""
    python = [match[0] for match in PYTHON_FIELD.finditer(text.replace("%%", ""))]
    return Counter([*python, *BRACE_FIELD.findall(text), *TAG.findall(text)])


@pytest.mark.req("Z-07")
def test_every_text_of_the_code_stands_in_the_catalogue(said, chinese) -> None:
    """Nothing is missing, and nothing is kept that the code no longer says."""
    advice = "run ./script/translations"
    assert sorted(said.keys() - chinese.keys()) == [], advice
    assert sorted(chinese.keys() - said.keys()) == [], advice


@pytest.mark.req("Z-07")
def test_every_text_is_translated(chinese) -> None:
    """Neither empty nor left as somebody's guess."""
    assert len(chinese) > 1000
    assert [message.key for message in chinese.values() if not message.done] == []


@pytest.mark.req("Z-07")
def test_placeholders_and_tags_are_those_of_the_english(chinese) -> None:
    """A lost placeholder breaks a page; a lost tag breaks a telephone link."""
    wrong = []
    for message in chinese.values():
        for translation in message.translations:
            wanted = fields(message.plural or message.text)
            if fields(translation) != wanted:
                wrong.append((message.text, translation))
    assert wrong == []


@pytest.mark.req("Z-07")
def test_chinese_sentences_carry_chinese_punctuation(chinese) -> None:
    """A comma of half width between two characters reads like a mistake."""
    texts = [text for message in chinese.values() for text in message.translations]
    assert [text for text in texts if HALF_WIDTH.search(TAG.sub("", text))] == []


@pytest.mark.req("Z-07")
def test_every_model_and_field_has_a_name_in_words() -> None:
    """A field without one would stand in English in the Chinese administration."""
    rooms = {name for name, config in apps.app_configs.items() if ".venv" not in config.path}
    models = [model for model in apps.get_models() if model._meta.app_label in rooms]
    assert len(models) > 25
    names = [
        (f"{model._meta.label}.{field.name}", field.verbose_name)
        for model in models
        for field in model._meta.fields
        if not field.auto_created
    ]
    names += [(model._meta.label, model._meta.verbose_name) for model in models]
    assert [label for label, name in names if not isinstance(name, Promise)] == []


@pytest.mark.req("I-13")
def test_residents_never_meet_the_stages_of_the_office(said, chinese) -> None:
    """What their pages and the lines of their progress say has none of these words."""
    public = [
        key
        for key, message in said.items()
        if any(name.startswith(PUBLIC_FILES) for name in message.files)
    ]
    assert len(public) > 150
    found = [
        text for key in public for text in chinese[key].translations if OFFICE_WORDS.search(text)
    ]
    assert found == []


@pytest.mark.req("I-13")
def test_the_states_that_residents_read_are_plain_words() -> None:
    """已受理, 办理中, 已办结; and the states that staff read stand apart from them."""
    with override("zh-hans"):
        words = {state: str(state.label) for state in PublicState}
        staff = {str(state.label) for state in State}
    assert words[PublicState.RECEIVED] == "已受理"
    assert words[PublicState.IN_PROGRESS] == "办理中"
    assert words[PublicState.DONE] == "已办结"
    assert not OFFICE_WORDS.search("".join(words.values()))
    assert "已立案" in staff


@pytest.mark.req("Z-07")
def test_bringing_up_to_date_keeps_translations_and_adds_new_texts(tmp_path: Path) -> None:
    """Work is never lost; a new text comes empty and unguessed; an old one goes."""
    header = 'msgid ""\nmsgstr ""\n"Content-Type: text/plain; charset=UTF-8\\n"\n\n'
    template, catalogue = tmp_path / "new.pot", tmp_path / "django.po"
    dated = header.replace('\\n"\n\n', '\\n"\n"POT-Creation-Date: 2026-01-01 00:00+0000\\n"\n\n')
    template.write_text(
        f'{dated}#: a.py\nmsgid "kept"\nmsgstr ""\n\n#: a.py\nmsgid "kept too"\nmsgstr ""\n'
    )
    catalogue.write_text(
        f'{header}msgid "kept"\nmsgstr "留"\n\nmsgid "gone"\nmsgstr "去"\n', encoding="utf-8"
    )
    merge(catalogue, template)
    after = read(catalogue)
    assert {key[1]: message.translations for key, message in after.items()} == {
        "kept": ["留"],
        "kept too": [""],
    }
    assert "Date" not in catalogue.read_text(encoding="utf-8")


@pytest.mark.req("Z-07")
def test_entries_are_read_with_context_plural_and_quotes(tmp_path: Path) -> None:
    """One English word with two meanings is two entries."""
    path = tmp_path / "some.po"
    path.write_text(
        '#: a.py b.py\n#, fuzzy, python-format\nmsgctxt "cases"\nmsgid ""\n"op"\n"en\\n"\n'
        'msgstr "未结"\n\nmsgid "%d \\"day\\""\nmsgid_plural "%d days"\nmsgstr[0] "%d 天"\n',
        encoding="utf-8",
    )
    found = read(path)
    first, second = found[("cases", "open\n")], found[("", '%d "day"')]
    assert (first.files, first.done) == (["a.py", "b.py"], False)
    assert (second.plural, second.translations, second.done) == ("%d days", ["%d 天"], True)
