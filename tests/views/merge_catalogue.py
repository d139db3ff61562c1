"""Makes sentences that stand in modules of `bot/views` part of the catalogue's files.

`python -m tests.views.merge_catalogue` reads every `bot/views/catalogue_LANGUAGE_*.py` (each has a
dict SENTENCES, `key.one` and `key.many` for what is counted), adds what is there to that language's
file, with the comments as its sections, and deletes the modules. A sentence that the file has
already is replaced; one that English does not have is dropped from the others. It is safe to
repeat, and ends with the keys that a language does not say yet: `tests/views/test_catalogue.py`
fails until they are written into its file, or stand in a module before the next merge.
"""

import re
from importlib import import_module
from pathlib import Path

from babel.messages.catalog import Catalog
from babel.messages.pofile import write_po

from bot.views import catalogue

VIEWS = Path(catalogue.__file__).parent
_COMMENT = re.compile(r"\s+# (.*)")
_ENTRY = re.compile(r'\s+"([^"]+)":')
_GONE = frozenset({"list.and"})
"""Keys that an older module may have and nobody asks for any more: lists are made by Babel."""
_COUNTED = re.compile(r"(.+)\.(?:one|many)")


def merge(catalog: Catalog, sentences: dict[str, str], source: str) -> None:
    """Add what a module says, in its order and with its comments."""
    comments: list[str] = []
    for line in source.splitlines():
        if comment := _COMMENT.fullmatch(line):
            comments.append(comment[1])
        elif (entry := _ENTRY.match(line)) and entry[1] not in _GONE:
            _add(catalog, sentences, entry[1], comments)
            comments = []


def _add(catalog: Catalog, sentences: dict[str, str], key: str, comments: list[str]) -> None:
    counted = _COUNTED.fullmatch(key)
    if counted and {f"{counted[1]}.one", f"{counted[1]}.many"} <= sentences.keys():
        stem = counted[1]
        forms = (sentences[f"{stem}.one"], sentences[f"{stem}.many"])
        catalog.add((stem, stem), forms, user_comments=comments)
        catalog[stem].string = forms  # where it was there already
    else:
        catalog.add(key, sentences[key], user_comments=comments)
        catalog[key].string = sentences[key]


def write(language: str, catalog: Catalog) -> None:
    """Write a language's file: one line for each sentence, whatever its length."""
    with catalogue.path_of(language).open("wb") as file:
        write_po(file, catalog, width=0)


def main() -> None:
    """Merge every module, English first, then say what is missing where."""
    for language in sorted(catalogue.LANGUAGES, key=lambda one: one != catalogue.FALLBACK):
        catalog = catalogue.read(language)
        for path in sorted(VIEWS.glob(f"catalogue_{language}_*.py")):
            module = import_module(f"bot.views.{path.stem}")
            merge(catalog, module.SENTENCES, path.read_text(encoding="utf-8"))
            path.unlink()
            print(f"{path.name} is part of {language} now")  # noqa: T201 - a tool on a terminal
        for key in sorted(_keys(catalog) - _keys(catalogue.read(catalogue.FALLBACK))):
            if language != catalogue.FALLBACK:
                catalog.delete(key)
                print(f"{language} says what English does not, dropped: {key}")  # noqa: T201
        write(language, catalog)
    english = _keys(catalogue.read(catalogue.FALLBACK))
    for language in catalogue.LANGUAGES:
        for key in sorted(english - _keys(catalogue.read(language))):
            print(f"{language} does not say: {key}")  # noqa: T201


def _keys(catalog: Catalog) -> set[str]:
    return {one.id if isinstance(one.id, str) else one.id[0] for one in catalog if one.id}


if __name__ == "__main__":
    main()
