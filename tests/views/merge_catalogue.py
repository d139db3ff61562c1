"""Makes sentences that stand in modules of `bot/views` part of the catalogue's files.

`python -m tests.views.merge_catalogue` reads every `bot/views/catalogue_LANGUAGE_*.py` (each has a
dict SENTENCES, `key.one` and `key.many` for what is counted), adds what is there to that language's
file, with the comments as its sections, and deletes the modules. A sentence that the file has
already is replaced. It is safe to repeat, and ends with the keys that a language does not say yet:
`tests/views/test_catalogue.py` fails until each has a `catalogue_de_*.py` or is written into the file.
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
_COUNTED = re.compile(r"(.+)\.(?:one|many)")


def merge(catalog: Catalog, sentences: dict[str, str], source: str) -> None:
    """Add what a module says, in its order and with its comments."""
    comments: list[str] = []
    for line in source.splitlines():
        if comment := _COMMENT.fullmatch(line):
            comments.append(comment[1])
        elif entry := _ENTRY.match(line):
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
    """Merge every module, then say what is missing where."""
    for language in catalogue.LANGUAGES:
        catalog = catalogue.read(language)
        for path in sorted(VIEWS.glob(f"catalogue_{language}_*.py")):
            module = import_module(f"bot.views.{path.stem}")
            merge(catalog, module.SENTENCES, path.read_text(encoding="utf-8"))
            path.unlink()
            print(f"{path.name} is part of {language} now")  # noqa: T201 - a tool on a terminal
        write(language, catalog)
    keys = {
        language: {one.id for one in catalogue.read(language)} for language in catalogue.LANGUAGES
    }
    for language, known in keys.items():
        for key in sorted(map(str, keys[catalogue.FALLBACK] - known)):
            print(f"{language} does not say: {key}")  # noqa: T201


if __name__ == "__main__":
    main()
