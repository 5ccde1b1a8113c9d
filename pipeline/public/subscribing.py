"""The form, and the yes in the mail that it leads to."""

from __future__ import annotations

from pipeline.errors import UserError
from pipeline.feedback import asking, readers, signup
from pipeline.public import pages
from pipeline.public.asked import Answered, Asked, Desk
from pipeline.public.limits import household

TRAP = "website"
"""A field that people don't see; what fills it in is a program."""


def subscribe(asked: Asked, desk: Desk) -> Answered:
    """The form; sent off, it answers the same for every address that mail can go to.

    A provider that keeps the list has a form of its own, and no way to mail one person.
    """
    if not asking.possible(desk.settings.feedback):
        return pages.lost(desk)
    if asked.method != "POST":
        return _form(asked, desk)
    if asked.one(TRAP):
        return _look(desk)
    if asked.one("consent") != "yes":
        return _form(asked, desk, "reader_need_consent")
    try:
        address = readers.checked(asked.one("email")[:254])
    except UserError:
        return _form(asked, desk, "reader_bad_address")
    if not desk.clients.takes(household(asked.client), desk.clock()):
        return pages.message(desk, "reader_slow", "reader_slow_more", status=429)
    offered = desk.settings.readers.topics
    made = signup.ask(
        desk.store,
        address,
        name=" ".join(asked.one("name").split())[:100] or None,
        topics=tuple(topic for topic in offered if topic in asked.form.get("topic", ())),
        words=_consent(desk),
        source=f"the form at {desk.settings.newsletter.home}subscribe",
        now=desk.clock(),
    )
    desk.soon(f"signup/{made}")
    return _look(desk)


def confirm(asked: Asked, desk: Desk) -> Answered:
    """GET shows the button and changes nothing; POST is the yes."""
    found = signup.pending(asked.token, desk.store, desk.clock())
    if found is None:
        again = [("../subscribe", "reader_again")]
        return pages.message(desk, "reader_expired", "reader_expired_more", status=404, links=again)
    if asked.method == "POST" and signup.confirm(asked.token, desk.store, desk.clock()) == "subscribed":
        return _welcome(found.address, desk)
    if found.done:
        return _welcome(found.address, desk)
    button = ("reader_confirm_button", [("yes", "yes")])
    return pages.message(desk, "reader_confirm", "reader_confirm_more", address=found.address, button=button)


def _welcome(address: str, desk: Desk) -> Answered:
    return pages.message(desk, "reader_welcome", "reader_welcome_more", address=address)


def _look(desk: Desk) -> Answered:
    return pages.message(desk, "reader_look", "reader_look_more", "reader_look_spam")


def _form(asked: Asked, desk: Desk, wrong: str = "") -> Answered:
    return pages.page(
        desk,
        "subscribe",
        "reader_subscribe",
        status=422 if wrong else 200,
        wrong=pages.say(desk, wrong) if wrong else "",
        email=asked.one("email")[:254],
        name=asked.one("name")[:100],
        topics=desk.settings.readers.topics,
        chosen=asked.form.get("topic", ()),
        consent=_consent(desk),
    )


def _consent(desk: Desk) -> str:
    return desk.settings.readers.consent or pages.say(desk, "reader_consent")
