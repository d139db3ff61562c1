"""The catalogue: the texts of each language.

A language is one gettext file, `locales/LANGUAGE/LC_MESSAGES/countersign.po`, with our keys as
msgids. It is read once, at import, and no compiled file is kept. Blanks are filled with escaped
data. A symbol never appears without words.
"""

from collections.abc import Mapping
from gettext import GNUTranslations
from io import BytesIO
from pathlib import Path

from babel.messages.catalog import Catalog
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po

LOCALES = Path(__file__).parent / "locales"
FALLBACK = "en"


def path_of(language: str) -> Path:
    """Return the path of a language's file."""
    return LOCALES / language / "LC_MESSAGES" / "countersign.po"


def read(language: str) -> Catalog:
    """Return a language's file with its comments and untranslated keys."""
    with path_of(language).open("rb") as written:
        return read_po(written, locale=language, abort_invalid=True)


class Messages:
    """The texts of one language: `plain` by key, and plural forms through `for_count`."""

    def __init__(self, catalog: Catalog) -> None:
        compiled = BytesIO()
        write_mo(compiled, catalog)  # leaves out untranslated and fuzzy entries
        compiled.seek(0)
        self._translations = GNUTranslations(compiled)
        known = [message for message in catalog if message.id and not message.fuzzy]
        self.plain: Mapping[str, str] = {
            str(message.id): str(message.string)
            for message in known
            if not message.pluralizable and message.string
        }
        self.counted = frozenset(
            message.id[0]
            for message in known
            if message.pluralizable and message.string and all(message.string)
        )

    def for_count(self, key: str, count: int) -> str | None:
        """Return the plural form of `key` for `count`, or None if the key has none."""
        if key not in self.counted:
            return None
        return self._translations.ngettext(key, key, count)


LANGUAGES = tuple(sorted(path.name for path in LOCALES.iterdir() if path_of(path.name).exists()))
CATALOGUES = {language: Messages(read(language)) for language in LANGUAGES}
"""The texts of each language. Adding a language takes one file."""
