"""What the daily summary says, in English."""

SENTENCES = {
    "day.title": "Orders of {day}",
    "day.text.one": "One order came in on {day}. This is how it stands now:",
    "day.text.many": "{count} orders came in on {day}. This is how they stand now:",
    "day.none": "There were no orders on {day}.",
    "day.state": "State",
    "day.orders": "Orders",
    "day.total": "Total",
    "day.and": " + ",
}
