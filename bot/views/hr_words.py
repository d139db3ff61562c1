"""Words about HR requests that card and messages share."""

from bot.views.text import has_text, in_line, text
from workflows.rules.hr_face import HrProblem

_BLANKS = ("year", "wanted", "left", "sku")


def problem_words(problem: HrProblem, locale: str) -> str:
    """Return why something could not be done, as the end of a sentence, escaped."""
    blanks = {name: in_line(problem.data.get(name, "?"), 80, locale) for name in _BLANKS}
    key = f"hr.failed.{problem.code}"
    if has_text(key):
        return text(key, locale, **blanks)
    return text("hr.failed.other", locale, code=in_line(problem.code, 80, locale))
