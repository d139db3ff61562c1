"""A fixture that runs the English tests of views in another language."""

import pytest

from views.catalogue import CATALOGUES


@pytest.fixture
def spoken(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    """Replace the English catalogue by that of the test's language, and return the language."""
    language: str = request.param
    monkeypatch.setitem(CATALOGUES, "en", CATALOGUES[language])
    return language
