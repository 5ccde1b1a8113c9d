"""Others who hand over mail: `python send.py PEER READERS ISSUE HTTP_PORT SMTP_PORT`.

READERS is a CSV file with email, name and link, ISSUE a folder with issue.html and issue.txt in which {{link}} stands
for the reader's link. Each library is used as its documentation shows, with the largest batch that is allowed; none
keeps a ledger.
"""

from __future__ import annotations

import asyncio
import csv
import itertools
import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

PEER, READERS, ISSUE, HTTP, SMTP = sys.argv[1], sys.argv[2], Path(sys.argv[3]), sys.argv[4], int(sys.argv[5])
BASE = f"http://127.0.0.1:{HTTP}"
HTML, TEXT = ((ISSUE / f"issue.{kind}").read_text("utf-8") for kind in ("html", "txt"))
SUBJECT, SENDER = "Kind words", "letters@example.org"
Reader = dict[str, str]


def readers() -> Iterator[Reader]:
    with open(READERS, encoding="utf-8", newline="") as file:
        yield from csv.DictReader(file)


def batches(size: int) -> Iterator[list[Reader]]:
    every = readers()
    while batch := list(itertools.islice(every, size)):
        yield batch


def html(reader: Reader) -> str:
    return HTML.replace("{{link}}", reader["link"])


def text(reader: Reader) -> str:
    return TEXT.replace("{{link}}", reader["link"])


def anymail(backend: str, size: int, **settings: Any) -> None:
    from django.conf import settings as own

    named = f"anymail.backends.{backend}.EmailBackend"
    own.configure(INSTALLED_APPS=["anymail"], SECRET_KEY="x", EMAIL_BACKEND=named, ANYMAIL=settings)
    import django

    django.setup()
    from django.core.mail import EmailMultiAlternatives, get_connection

    with get_connection() as connection:
        for batch in batches(size):
            mail = EmailMultiAlternatives(SUBJECT, TEXT, SENDER, [one["email"] for one in batch], connection=connection)
            mail.merge_data = {one["email"]: {"link": one["link"]} for one in batch}
            if backend == "mailgun":
                mail.attach_alternative(HTML.replace("{{link}}", "%recipient.link%"), "text/html")
            elif backend == "resend":
                mail.merge_data, mail.merge_metadata = None, {one["email"]: {"link": one["link"]} for one in batch}
                mail.attach_alternative(HTML, "text/html")
            else:
                mail.template_id, mail.body = "1234", ""
                mail.subject = "" if backend == "postmark" else SUBJECT
            if backend != "mailgun":
                mail.merge_headers = {one["email"]: {"List-Unsubscribe": f"<{one['link']}>"} for one in batch}
            mail.send()


def anymail_mailgun() -> None:
    anymail("mailgun", 1000, MAILGUN_API_KEY="k", MAILGUN_SENDER_DOMAIN="d.test", MAILGUN_API_URL=f"{BASE}/v3")


def anymail_sendgrid() -> None:
    anymail("sendgrid", 1000, SENDGRID_API_KEY="k", SENDGRID_API_URL=f"{BASE}/v3/", SENDGRID_GENERATE_MESSAGE_ID=False)


def anymail_postmark() -> None:
    anymail("postmark", 500, POSTMARK_SERVER_TOKEN="k", POSTMARK_API_URL=f"{BASE}/")


def anymail_resend() -> None:
    anymail("resend", 100, RESEND_API_KEY="k", RESEND_API_URL=f"{BASE}/")


def mailgun_sdk() -> None:
    from mailgun.client import Client

    client = Client(auth=("api", "k"), api_url=BASE)
    shown = {"html": HTML.replace("{{link}}", "%recipient.link%"), "text": TEXT.replace("{{link}}", "%recipient.link%")}
    for batch in batches(1000):
        variables = json.dumps({one["email"]: {"link": one["link"]} for one in batch})
        whole = {"from": SENDER, "to": [one["email"] for one in batch], "subject": SUBJECT, **shown}
        answer = client.messages.create(domain="d.test", data={**whole, "recipient-variables": variables})
        assert answer.status_code == 200, answer.text


def sendgrid_sdk() -> None:
    from sendgrid import SendGridAPIClient

    client = SendGridAPIClient("k", host=BASE)
    content = [{"type": "text/plain", "value": TEXT}, {"type": "text/html", "value": HTML}]
    for batch in batches(1000):
        parts = [{"to": [{"email": one["email"]}], "substitutions": {"{{link}}": one["link"]}} for one in batch]
        whole = {"from": {"email": SENDER}, "subject": SUBJECT, "content": content, "personalizations": parts}
        assert client.send(whole).status_code == 202


def postmark_sdk() -> None:
    from postmarker.core import PostmarkClient

    client = PostmarkClient(server_token="k", root_api_url=f"{BASE}/")
    for batch in batches(500):
        client.emails.send_batch(
            *(
                {"From": SENDER, "To": one["email"], "Subject": SUBJECT, "HtmlBody": html(one), "TextBody": text(one)}
                for one in batch
            )
        )


def resend_sdk() -> None:
    import resend

    resend.api_key, resend.api_url = "k", BASE
    for batch in batches(100):
        resend.Batch.send(
            [
                {"from": SENDER, "to": [one["email"]], "subject": SUBJECT, "html": html(one), "text": text(one)}
                for one in batch
            ]
        )


def message(one: Reader) -> Any:
    from email.message import EmailMessage

    whole = EmailMessage()
    whole["From"], whole["To"], whole["Subject"] = SENDER, one["email"], SUBJECT
    whole["List-Unsubscribe"] = f"<{one['link']}>"
    whole.set_content(text(one))
    whole.add_alternative(html(one), subtype="html")
    return whole


def smtplib_alone() -> None:
    import smtplib

    with smtplib.SMTP("127.0.0.1", SMTP) as line:
        for one in readers():
            line.send_message(message(one))


def aiosmtplib_ten() -> None:
    import aiosmtplib

    async def some(every: Iterator[Reader]) -> None:
        async with aiosmtplib.SMTP(hostname="127.0.0.1", port=SMTP, use_tls=False, start_tls=False) as line:
            for one in every:
                await line.send_message(message(one))

    async def ten() -> None:
        every = readers()
        await asyncio.gather(*(some(every) for _ in range(10)))

    asyncio.run(ten())


def django_post_office() -> None:
    from django.conf import settings

    settings.configure(
        INSTALLED_APPS=["django.contrib.contenttypes", "post_office"],
        SECRET_KEY="x",
        USE_TZ=True,
        DATABASES={"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": "post_office.sqlite3"}},
        DEFAULT_AUTO_FIELD="django.db.models.AutoField",
        EMAIL_BACKEND="post_office.EmailBackend",
        EMAIL_HOST="127.0.0.1",
        EMAIL_PORT=SMTP,
        TEMPLATES=[{"BACKEND": "django.template.backends.django.DjangoTemplates"}],
        POST_OFFICE={
            "BACKENDS": {"default": "django.core.mail.backends.smtp.EmailBackend"},
            "BATCH_SIZE": 1000,
            "MESSAGE_ID_ENABLED": True,
            "MESSAGE_ID_FQDN": "example.org",
        },
    )
    import django

    django.setup()
    from django.core.management import call_command
    from post_office import mail

    call_command("migrate", verbosity=0)
    for batch in batches(1000):
        mail.send_many(
            [
                {"sender": SENDER, "recipients": [one["email"]], "subject": SUBJECT, "html_message": html(one)}
                | {"message": text(one)}
                for one in batch
            ]
        )
    mail.send_queued_mail_until_done(lockfile="post_office.lock", processes=1, log_level=0)


PEERS = {
    "anymail-mailgun": anymail_mailgun,
    "anymail-sendgrid": anymail_sendgrid,
    "anymail-postmark": anymail_postmark,
    "anymail-resend": anymail_resend,
    "mailgun": mailgun_sdk,
    "sendgrid": sendgrid_sdk,
    "postmark": postmark_sdk,
    "resend": resend_sdk,
    "smtplib": smtplib_alone,
    "aiosmtplib": aiosmtplib_ten,
    "post-office": django_post_office,
}

if __name__ == "__main__":
    PEERS[PEER]()
