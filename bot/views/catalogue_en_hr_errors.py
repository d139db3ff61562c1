"""Why an HR request is not taken as it was written, in English."""

SENTENCES = {
    "refusal.hr_field_missing": "Please fill this in.",
    "refusal.not_a_date": "Please give a day, such as 2026-01-31.",
    "refusal.ends_before_start": "The last day is before the first. Please give the first day or a later one.",
    "refusal.period_too_long": "This is too long. Please ask for at most {limit} days at once.",
    "refusal.unknown_hr_type": "There is no such type of request. Please choose one from the list.",
    "refusal.unknown_priority": "There is no such priority. Please choose one from the list.",
    "refusal.other_hr_type": "The type of a request cannot be changed. Please withdraw this one and start another.",
    "refusal.not_an_hr_content": "This is not what an HR request of its type consists of. Please change it with the form.",
    "refusal.day_past": "This day is over. Please give today or a later day.",
}
