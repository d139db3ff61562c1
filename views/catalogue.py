"""The catalogue: every sentence in every language that we speak.

A language is one gettext file, `locales/LANGUAGE/LC_MESSAGES/countersign.po`, whose msgids are our
keys. It is read once, at import; nothing compiled is kept. Blanks are filled with escaped data, and
marks never stand without words.
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
    """Return where the sentences of a language stand."""
    return LOCALES / language / "LC_MESSAGES" / "countersign.po"


def read(language: str) -> Catalog:
    """Return a language's file as it is written, comments and untranslated keys included."""
    with path_of(language).open("rb") as written:
        return read_po(written, locale=language, abort_invalid=True)


class Messages:
    """What one language says: `plain` by key, and the forms of what is counted."""

    def __init__(self, catalog: Catalog) -> None:
        compiled = BytesIO()
        write_mo(compiled, catalog)  # leaves out what is not translated, and what is fuzzy
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
        """Return the form of `key` for so many, or None where there is no such key."""
        if key not in self.counted:
            return None
        return self._translations.ngettext(key, key, count)


LANGUAGES = tuple(sorted(path.name for path in LOCALES.iterdir() if path_of(path.name).exists()))
CATALOGUES = {language: Messages(read(language)) for language in LANGUAGES}
"""The languages that are complete. A second one is a second file, and nothing else."""
