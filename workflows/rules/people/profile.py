"""The part of a Slack profile on which decisions depend."""

from dataclasses import dataclass

from workflows.rules.people.actors import Standing


@dataclass(frozen=True, kw_only=True, slots=True)
class Profile:
    """A user as the directory knows them.

    `email` is a digest of the address. `manager` is None if it was never read, and empty if the
    profile names none. `locale` is Slack's, such as `de-DE`, and empty if it is unknown. `updated`
    is Slack's instant of the profile's last change, in seconds since 1970, and 0 if Slack knows no
    such user.
    """

    person: str
    standing: Standing
    email: str = ""
    manager: str | None = None
    locale: str = ""
    updated: int = 0


def after_change(old: Profile | None, new: Profile) -> Profile:
    """Return the profile to keep. An older report changes nothing; what it lacks is kept."""
    if old is None:
        return new
    if 0 < new.updated < old.updated:
        return old
    return Profile(
        person=new.person,
        standing=new.standing,
        email=new.email,
        manager=old.manager if new.manager is None else new.manager,
        locale=new.locale or old.locale,
        updated=new.updated,
    )


def matters(old: Profile | None, new: Profile) -> bool:
    """Return whether the change can affect who may decide; a status line or a photo cannot."""
    if old is None:
        return True
    return (old.standing, old.email, old.manager) != (new.standing, new.email, new.manager)
