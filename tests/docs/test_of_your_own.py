"""A provider and a kind of source written after the documentation's examples pass the published contract."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

DOCS = Path(__file__).parents[2] / "docs"
PIGEON = """
from dataclasses import dataclass, field
import msgspec
from pipeline.carrying import api
from pipeline.carrying.fates import everyone, in_parts
from pipeline.carrying.letter import addressees, letterhead
from pipeline.carrying.merge import Syntax, template
from pipeline.providers import Capabilities
import re

CAN = Capabilities(
    batch_max=100, body_max_bytes=1_000_000, idempotency="none", key_lifetime_seconds=None, merge=True, lookup="none",
    per_second=None, real=True, docs="https://pigeon.example/docs",
)
TOKEN = "PAPERROUND_PIGEON_TOKEN"
SECRETS = {TOKEN: "the key of the loft"}
SYNTAX = Syntax(special=re.compile(r"\\{(?=\\{)"), plain={"{": "{\\u2060"})


class Settings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    loft: str


def provider(settings, secrets):
    return Pigeon(loft=settings.loft, token=api.secret(secrets, TOKEN))


@dataclass(frozen=True)
class Pigeon:
    loft: str
    token: str = field(repr=False)
    can = CAN

    def requests(self, batch, replies=()):
        if replies:
            return ()
        body = template(batch.message, letterhead(batch).subject, SYNTAX, "{{link}}", "{{link}}")
        copies = [
            {"to": reader.address, "link": one.unsubscribe,
             "headers": dict((*letterhead(batch).headers, *reader.headers))}
            for one, reader in zip(batch.recipients, addressees(batch, batch.recipients))
        ]
        mail = {"subject": body.subject, "html": body.html, "text": body.text, "copies": copies}
        return [api.post(f"https://{self.loft}.pigeon.example", api.encoded(mail), {"Authorization": self.token})]

    def read(self, batch, replies):
        return in_parts(batch, [batch.recipients], replies, self._judge)

    def _judge(self, part, answer):
        ids = [api.text(one) for one in api.rows(api.table(api.document(answer.body)).get("ids"))]
        if answer.status == 200 and len(ids) == len(part) and all(ids):
            return [("accepted", "", one) for one in ids]
        return [api.refusal(answer, "", self.token)] * len(part)

    def look_up(self, batch, replies=()):
        return ()

    def found(self, batch, replies):
        return ()
"""


def test_a_provider_tried_by_the_example_passes_the_contract(tmp_path: Path) -> None:
    section = (DOCS / "providers.md").read_text("utf-8").partition("## A provider of your own")[2]
    (contract,), (answers,) = blocks(section, "python"), blocks(section, "json")
    assert passes(tmp_path, "pigeon", PIGEON, contract, {"pigeon.json": answers}) >= 20


def test_the_example_of_a_kind_of_source_passes_the_contract(tmp_path: Path) -> None:
    section = (DOCS / "posts.md").read_text("utf-8").partition("## A kind of source of your own")[2]
    kind, contract = blocks(section, "python")
    assert passes(tmp_path, "journal", kind, contract, {}) == 5


def blocks(text: str, language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```$", text, re.MULTILINE | re.DOTALL)


def passes(folder: Path, name: str, module: str, contract: str, beside: dict[str, str]) -> int:
    """How many tests of the contract passed, when all of them did."""
    package = folder / "my_package"
    package.mkdir()
    files = {package / "__init__.py": "", package / f"{name}.py": module, folder / f"test_{name}.py": contract}
    for path, text in (files | {folder / other: text for other, text in beside.items()}).items():
        path.write_text(text, "utf-8")
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "--rootdir", str(folder), str(folder)]
    done = subprocess.run(command, capture_output=True, text=True, check=False, cwd=folder)
    assert done.returncode == 0, done.stdout + done.stderr
    (count,) = re.findall(r"(\d+) passed", done.stdout)
    return int(count)
