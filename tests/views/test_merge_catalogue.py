"""The tool that makes sentences of modules part of the catalogue's files."""

from io import BytesIO

from babel.messages.catalog import Catalog
from babel.messages.pofile import read_po, write_po

from tests.views.merge_catalogue import merge

SOURCE = '''"""What is said, in English."""

SENTENCES = {
    # first
    "a.one": "1 thing",
    "a.many": "{count} things",
    "b": "A line\\nand “another”",
    # second
    "page.one": "the first page",
    "old": "as it is now",
    "list.and": "{first} and {last}",
}
'''
SENTENCES = {
    "a.one": "1 thing",
    "a.many": "{count} things",
    "b": "A line\nand “another”",
    "page.one": "the first page",
    "old": "as it is now",
    "list.and": "{first} and {last}",
}


def test_sentences_are_merged_with_their_forms_sections_and_in_their_order() -> None:
    catalog = Catalog(locale="en")
    catalog.add("old", "as it was")
    for _ in range(2):  # safe to repeat
        merge(catalog, SENTENCES, SOURCE)

    file = BytesIO()
    write_po(file, catalog, width=0)
    file.seek(0)
    written = {one.id: one for one in read_po(file, locale="en") if one.id}
    assert {key: one.string for key, one in written.items()} == {
        "old": "as it is now",
        ("a", "a"): ("1 thing", "{count} things"),
        "b": "A line\nand “another”",
        "page.one": "the first page",
    }
    assert [one.user_comments for one in written.values()] == [[], ["first"], [], ["second"]]
