"""What stands in the form of HR requests, and what is said in the threads of cards, in English."""

SENTENCES = {
    # privately, to who writes in the thread of a card
    "thread.typed_decision": "This was kept as a comment: typing decides nothing. To decide, press *Approve* or *Reject* on the card.",
    "thread.typed_decision.link": "This was kept as a comment: typing decides nothing. To decide, press *Approve* or *Reject*: {card}",
    "thread.public": "Everybody in this channel can read this thread, although the request itself is shown only to those whom it concerns. For something confidential, press *More…* on the card, or write a direct message. You can delete your message here; it stays in the request's history.",
    "thread.closed": "Nobody decides here any more, so what you write in this thread is not kept with the request.",
    "thread.not_involved": "What you write in this thread stays in Slack only: the request keeps comments of its requester, the approvers, who stands in for them and the admins.",
    "thread.reason_too_long": "What you wrote is longer than the 3,000 characters that a comment may have, so it is not kept with the request. Please send it in parts.",
}
