"""Whether mail hosts will believe that your mail is yours: SPF, DKIM and DMARC of the sender's domain.

Pure but for the look-ups, which are handed in. What could not be looked up is said so, and is no fault.
"""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Iterator
from datetime import timedelta
from typing import Literal

import msgspec

from pipeline.config import FeedbackSettings
from pipeline.names import Looked, LookUp
from pipeline.store import people

Level = Literal["ok", "mend", "note", "unknown"]

LOOK_UPS_AT_MOST = 10
"""More look-ups in one SPF record are a fault for every receiver (RFC 7208 section 4.6.4)."""

VALID = timedelta(days=60)
"""How long after a mail its link to leave has to work: Canada's anti-spam law, section 11; 30 in the United States."""

# RFC 2606 and RFC 6761: names for examples and tests; nobody's mail comes from them.
_EXAMPLES = re.compile(r"(^|\.)(example\.(com|net|org)|example|test|invalid|localhost|local)$")
_FREE = re.compile(
    r"^((gmail|googlemail|aol|icloud|me|mac|msn|mail|ymail|protonmail)\.com|proton\.me|web\.de|t-online\.de|mail\.ru"
    r"|gmx\.(com|net|de|at|ch)|(outlook|hotmail|live|yahoo)\.(com|de|fr|es|it|nl|ca|co\.uk))$"
)
# Where the keys of providers lie that use the same names for everybody.
_SELECTORS = {
    "sendgrid": ("s1", "s2"),
    "resend": ("resend",),
    "brevo": ("brevo1", "brevo2", "mail"),
    "mailjet": ("mailjet",),
    "mailgun": ("k1", "mailo", "smtp", "mx", "pic"),
    "postmark": ("pm",),
}


class Advice(msgspec.Struct, frozen=True, kw_only=True):
    """One thing about the sender's domain: fine, to be mended, worth knowing, or not to be learnt just now."""

    level: Level
    about: str
    words: str

    def __str__(self) -> str:
        return f"{self.level:<7} {self.about}: {self.words}"


def advice(settings: FeedbackSettings, look_up: LookUp) -> list[Advice]:
    """What mail hosts will find about the From address."""
    domain = people.address_key(settings.newsletter.from_.rpartition("<")[2].rstrip("> ")).rpartition("@")[2]
    if _EXAMPLES.search(domain):
        words = f"{domain} is a name for examples, so nothing was looked up."
        return [Advice(level="note", about="sender's domain", words=words)]
    if _FREE.match(domain):
        words = (
            f"Mail from {domain} that another server sends is thrown away by most hosts (DMARC). Write from a domain "
            "of your own; answers may still go to your old address by reply_to."
        )
        return [Advice(level="mend", about="sender's domain", words=words)]
    found = [*_mx(domain, look_up), *_spf(domain, look_up), *_dkim(domain, settings, look_up), *_dmarc(domain, look_up)]
    return [*found, *_signed(domain, found)]


def _unknown(about: str) -> Advice:
    return Advice(level="unknown", about=about, words="could not be looked up just now.")


def _mx(domain: str, look_up: LookUp) -> Iterator[Advice]:
    """Answers and bounces must be able to come back."""
    found = look_up(domain, "MX")
    if found.state == "unknown":
        yield _unknown("MX")
    elif found.texts == (".",):
        yield Advice(
            level="mend", about="MX", words=f"{domain} says that it takes no mail, so answers can't reach you."
        )
    elif found.state == "none" and look_up(domain, "A").state == "none":
        words = f"{domain} has no mail server, so answers and bounces can't reach you, and some hosts refuse such mail."
        yield Advice(level="mend", about="MX", words=words)
    else:
        yield Advice(level="ok", about="MX", words=f"answers go to {', '.join(found.texts[:3]) or domain}")


def _spf(domain: str, look_up: LookUp) -> Iterator[Advice]:
    """Which servers may use the domain (RFC 7208)."""
    found = look_up(domain, "TXT")
    records = _records(found, r"v=spf1(\s|$)")
    if found.state == "unknown":
        yield _unknown("SPF")
        return
    if len(records) > 1:
        words = f"{domain} has {len(records)} SPF records; there must be one, or none of them counts. Join them."
        yield Advice(level="mend", about="SPF", words=words)
        return
    if not records:
        words = f"{domain} has no SPF record. Add the one that your provider names, as a TXT record."
        yield Advice(level="note", about="SPF", words=words)
        return
    if re.search(r"(?<!\S)\+?all(?!\S)", records[0], re.IGNORECASE):
        words = "the record ends in +all, which lets anybody send in your name. Write ~all."
        yield Advice(level="mend", about="SPF", words=words)
        return
    count = _look_ups(records[0], look_up, {domain}, LOOK_UPS_AT_MOST + 1)
    if count > LOOK_UPS_AT_MOST:
        words = (
            "the record needs more than ten look-ups, so hosts stop reading it. Take out what you don't use any more."
        )
        yield Advice(level="mend", about="SPF", words=words)
        return
    yield Advice(level="ok", about="SPF", words=records[0][:200])


def _look_ups(record: str, look_up: LookUp, seen: set[str], left: int) -> int:
    """How many look-ups a record costs, with those it includes; no further than `left`."""
    count = len(re.findall(r"(?<!\S)[+~?-]?(?:a|mx|ptr|exists)(?=[:/\s]|$)", record, re.IGNORECASE))
    for name in re.findall(r"(?<!\S)[+~?-]?(?:include:|redirect=)([^\s]+)", record, re.IGNORECASE):
        count += 1
        if count < left and name not in seen and "%" not in name:
            seen.add(name)
            inner = _records(look_up(name, "TXT"), r"v=spf1(\s|$)")
            count += _look_ups(inner[0], look_up, seen, left - count) if inner else 0
    return count


def _dkim(domain: str, settings: FeedbackSettings, look_up: LookUp) -> Iterator[Advice]:
    """The key that signatures are verified with (RFC 6376)."""
    known = settings.feedback.dkim_selectors
    selectors = known or _SELECTORS.get(settings.provider, ())
    if not selectors:
        words = (
            "which key signs your mail is not known here. Send yourself a copy, look for s= in its DKIM-Signature, and "
            "write it into dkim_selectors under [feedback]."
        )
        yield Advice(level="unknown", about="DKIM", words=words)
        return
    looked = [(selector, look_up(f"{selector}._domainkey.{domain}", "TXT")) for selector in selectors]
    keys = [(selector, record) for selector, found in looked for record in _records(found, r"(v=DKIM1|k=|p=)")]
    if not keys and any(found.state == "unknown" for _, found in looked):
        yield _unknown("DKIM")
    elif not keys:
        words = f"there is no key at {looked[0][0]}._domainkey.{domain}. Your provider's page for domains shows it."
        yield Advice(level="mend" if known else "note", about="DKIM", words=words)
    for selector, record in keys:
        yield _key(selector, record)


def _key(selector: str, record: str) -> Advice:
    written = re.sub(r"\s+", "", dict(re.findall(r"(?:^|;)\s*(\w+)\s*=\s*([^;]*)", record)).get("p", ""))
    if not written:
        return Advice(level="mend", about="DKIM", words=f"the key {selector} was withdrawn: its record is empty.")
    bits = _bits(written)
    if bits and bits < 1024:
        return Advice(
            level="mend", about="DKIM", words=f"the key {selector} has {bits} bits; hosts want 1024, better 2048."
        )
    if bits == 1024:
        return Advice(level="note", about="DKIM", words=f"the key {selector} has 1024 bits; 2048 are better.")
    return Advice(level="ok", about="DKIM", words=f"the key {selector} is there")


def _bits(written: str) -> int | None:
    from cryptography.exceptions import UnsupportedAlgorithm
    from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
    from cryptography.hazmat.primitives.serialization import load_der_public_key

    try:
        key = load_der_public_key(base64.b64decode(written, validate=True))
    except (binascii.Error, ValueError, UnsupportedAlgorithm):
        return None
    return key.key_size if isinstance(key, RSAPublicKey) else None


def _dmarc(domain: str, look_up: LookUp) -> Iterator[Advice]:
    """What hosts do with mail that is not proved to be yours (RFC 7489)."""
    labels = domain.split(".")
    above = [".".join(labels[at:]) for at in range(len(labels) - 1)]
    for name in above[:4]:
        found = look_up(f"_dmarc.{name}", "TXT")
        if found.state == "unknown":
            yield _unknown("DMARC")
            return
        if records := _records(found, r"v=DMARC1"):
            yield _policy(records, name)
            return
    words = (
        f"{domain} has no DMARC record. Gmail, Yahoo and Microsoft ask bulk senders for one. Begin with a TXT record "
        f"at _dmarc.{domain}: v=DMARC1; p=none; rua=mailto:postmaster@{domain}"
    )
    yield Advice(level="mend", about="DMARC", words=words)


def _policy(records: list[str], name: str) -> Advice:
    tags = dict(re.findall(r"(?:^|;)\s*(\w+)\s*=\s*([^;\s]*)", records[0]))
    policy = tags.get("p", "").lower()
    if len(records) > 1:
        return Advice(level="mend", about="DMARC", words=f"_dmarc.{name} has several records, so none counts.")
    if policy not in ("none", "quarantine", "reject"):
        return Advice(level="mend", about="DMARC", words=f"the record at _dmarc.{name} has no p= that hosts know.")
    strict = tags.get("adkim") == "s" or tags.get("aspf") == "s"
    more = " It is strict: signatures must be of this very domain, not of one below it." if strict else ""
    return Advice(level="ok", about="DMARC", words=f"{records[0][:160]}.{more}")


def _signed(domain: str, found: list[Advice]) -> Iterator[Advice]:
    """Alignment: SPF or DKIM must speak for the domain of the From address, and all hosts want at least one."""
    level = {about: {one.level for one in found if one.about == about} for about in ("SPF", "DKIM")}
    if "ok" in level["DKIM"] or level["DKIM"] == {"note"}:
        words = f"mail signed by this key speaks for {domain} itself, which is what DMARC asks for."
        yield Advice(level="ok" if "ok" in level["DKIM"] else "note", about="alignment", words=words)
    elif level["SPF"] == {"note"} and "unknown" not in level["DKIM"]:
        words = f"neither SPF nor DKIM speaks for {domain}; hosts will refuse the mail or call it spam."
        yield Advice(level="mend", about="alignment", words=words)
    else:
        words = f"see that your provider signs as {domain} (d={domain} in DKIM-Signature), not as itself."
        yield Advice(level="note", about="alignment", words=words)


def _records(found: Looked, begins: str) -> list[str]:
    return [text.strip() for text in found.texts if re.match(begins, text.strip(), re.IGNORECASE)]


def way_out(settings: FeedbackSettings, status: int | None) -> Advice:
    """Whether the page to unsubscribe answers; `status` is its own, None when nobody could ask."""
    match settings.readers.unsubscribe:
        case "mailto":
            words = "readers leave by mail; Gmail and Yahoo ask large senders for one click by https."
            return Advice(level="note", about="unsubscribe", words=words)
        case "provider":
            return Advice(level="note", about="unsubscribe", words="the provider's own pages are used.")
    if not (settings.newsletter.public_url or "").startswith("https://"):
        words = "public_url in [newsletter] is no https address, so the links to unsubscribe lead nowhere."
        return Advice(level="mend", about="unsubscribe", words=words)
    if status is None:
        return _unknown("unsubscribe")
    if status != 200:
        words = f"{settings.newsletter.home}unsubscribe/test answers {status}. Is `paperround serve` running behind it?"
        return Advice(level="mend", about="unsubscribe", words=words)
    return Advice(level="ok", about="unsubscribe", words=f"{settings.newsletter.home}unsubscribe/ answers")


def old_way_out(link: str, found: str, status: int | None, *, gone: bool) -> Advice:
    """Whether a link to leave still works that begins otherwise than today's, and is in mails of the last weeks.

    `found` is where asking for it ended, with `status`; None when nobody could ask. Who is `gone` has no address.
    """
    about = f"links to {link.rpartition('/')[0]}/"
    if status is None and not gone:
        return _unknown(about)
    if status == 200 and found == link:
        return Advice(level="ok", about=about, words="they answer, as mails of the last weeks need them to")
    answers = "nothing is there" if gone else f"it answers {status}"
    if status == 200:
        answers = "it leads on to another address, and a mail program's own button follows none (RFC 8058)"
    words = (
        f"mails of the last {VALID.days} days have them to leave by; {answers}. Let your web server hand on what is "
        "asked there to `paperround serve`, as it does at public_url."
    )
    return Advice(level="mend", about=about, words=words)
