"""Views in every language: what is tested in English is tested in each other one as well."""

import pytest

from views.catalogue import CATALOGUES


@pytest.fixture
def spoken(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    """Have whatever asks for English be told it in the test's language; say which one that is."""
    language: str = request.param
    monkeypatch.setitem(CATALOGUES, "en", CATALOGUES[language])
    return language
