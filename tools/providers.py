"""Writes what docs/providers.md says of settings, secrets and abilities, from the providers' own files.

python -m tools.providers
"""

from __future__ import annotations

import re
import sys
from pathlib import Path
from types import ModuleType

import msgspec

from pipeline import providers
from pipeline.carrying import campaigns
from pipeline.providers import Capabilities

PAGE = Path(__file__).parents[1] / "docs/providers.md"
_BLOCK = re.compile(r"(<!-- made: (\w+)(?: (\w+))? -->\n).*?(<!-- end -->)", re.DOTALL)


def written(page: str) -> str:
    """The page with its made parts as they must be."""

    def part(found: re.Match[str]) -> str:
        text = _matrix() if found[2] == "matrix" else _own(providers.load(found[3]), found[3])
        return f"{found[1]}\n{text}\n{found[4]}"

    return _BLOCK.sub(part, page)


def _matrix() -> str:
    rows = [
        (
            "| provider | readers in a request | puts the link in | the same batch again | can be asked later "
            "| a second | reports by webhook |"
        ),
        "|---|---|---|---|---|---|---|",
    ]
    for name in providers.names():
        module = providers.load(name)
        can: Capabilities = module.CAN
        readers = "the whole list" if can.batch_max >= campaigns.WHOLE_LIST else f"{can.batch_max:,}"
        cells = (
            f"[{name}](#{name})", readers, "the provider" if can.merge else "Paperround", _again(can), _lookup(can),
            f"{can.per_second:g}" if can.per_second else "not said", "yes" if hasattr(module, "events") else "no",
        )  # fmt: skip
        rows.append(f"| {' | '.join(cells)} |")
    return "\n".join(rows) + "\n"


def _again(can: Capabilities) -> str:
    match can.idempotency:
        case "key":
            minutes = (can.key_lifetime_seconds or 0) // 60
            return (
                f"arrives once, for {minutes // 60} hours" if minutes >= 120 else f"arrives once, for {minutes} minutes"
            )
        case "recipient":
            return "arrives once for each reader"
        case "campaign":
            return "starts once"
        case _:
            return "would arrive twice"


def _lookup(can: Capabilities) -> str:
    return {"none": "no", "lagging": "what it finds counts", "sure": "yes"}[can.lookup]


def _own(module: ModuleType, name: str) -> str:
    shape: type[msgspec.Struct] = module.Settings
    fields = msgspec.structs.fields(shape)
    rows = [f"| in `[delivery.{name}]` | default |", "|---|---|"] if fields else []
    rows += [f"| `{one.encode_name}` | {_default(one)} |" for one in fields]
    told = " ".join((shape.__doc__ or "").split()).partition(f"[delivery.{name}]")[2].lstrip("];:. ")
    secrets = [f"| `{secret}` | {what} |" for secret, what in module.SECRETS.items()]
    table = ["| in the environment or `.env` | what |", "|---|---|", *secrets] if secrets else []
    paragraphs = [
        "\n".join(rows),
        told[:1].upper() + told[1:],
        "\n".join(table),
        f"Its own documentation: <{module.CAN.docs}>",
    ]
    return "\n\n".join(paragraph for paragraph in paragraphs if paragraph) + "\n"


def _default(one: msgspec.structs.FieldInfo) -> str:
    if one.required:
        return "required"
    if one.default in ("", None):
        return "none"
    return f"`{str(one.default).lower()}`" if isinstance(one.default, bool) else f"`{one.default}`"


if __name__ == "__main__":
    text = PAGE.read_text("utf-8")
    PAGE.write_text(written(text), "utf-8")
    print("changed" if written(text) != text else "nothing to change", file=sys.stderr)
