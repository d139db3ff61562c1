"""What stands in a request's thread, and on what is private, in English."""

SENTENCES = {
    "button.details": "View details",
    "sentence": "{words}.",
    # the root of a thread
    "level.next_one": "○ not reached yet",
    "level.never": "never reached",
    "thread.levels.more.one": "… and 1 more level",
    "thread.levels.more.many": "… and {count} more levels",
    "thread.comments.one": "1 comment so far: *View details* shows it.",
    "thread.comments.many": "{count} comments so far: *View details* shows the last ones.",
    "thread.shortened": "⚠ Not everything fits here. *View details* shows the whole of it: please read it there before you decide.",
    "thread.what": "{title}: {subject}{amount}",
    "thread.text.root": "{what}, asked by {requester}. {state}",
    "thread.state.open": "Level {number} of {in_all} ({name}) is open.",
    "thread.state.blocked": "Level {number} of {in_all} ({name}) is blocked: nobody may decide yet.",
    "thread.state.opening": "Level {number} of {in_all} ({name}) is being opened.",
    "thread.state.waiting": "It waits for changes.",
    "thread.state.passed": "Level {number} of {in_all} ({name}) passed.",
    "thread.state.closed": "Level {number} of {in_all} ({name}) closed without passing.",
    "thread.state.first": "Its first level is being opened.",
    # the reply about a level
    "reply.voided.title": "*Level {number} of version {version}* · ↺ voided by a change",
    "reply.voided.text": "Level {number} of version {version} was voided by a change.",
    "reply.voided": "What is asked was changed after this: nothing that was said here counts any more. Who is to decide on the new version is asked anew.",
    "thread.text.reply": "{what}, asked by {requester}. {state} {asked}",
    # what is private
    "private.open": "Private: only those whom it concerns may read more than this, by *View details* or *More…*.",
    "private.closed": "Private: what was asked, and why it was decided so, is not shown here.",
    "private.text": "{title}, asked by {requester}. {state}",
    "private.text.changes": "{who} wants changes before deciding.",
    "level.reassigned.private": "Named by {who} as an admin.",
    # View details
    "details.title": "Request details",
    "details.opening": "Looking up {subject} …",
    "details.not_a_reader": "This request is private: only who asks, those who are or were asked to decide, and the admins may read it. What everybody may see of it stands below.",
}
