"""Each reader's own link put into her copy: `python merge.py READERS ISSUE` (see tests/bench/peers/send.py)."""

from __future__ import annotations

import csv
import json
import sys
import time
from pathlib import Path

from pipeline.mail import merged
from pipeline.model import Message, Recipient, SubscriberId

STAND_IN = "https://unsubscribe.invalid/of-the-bench"
html, text = ((Path(sys.argv[2]) / f"issue.{kind}").read_text("utf-8") for kind in ("html", "txt"))
message = Message(
    subject="Kind words", html=html.replace("{{link}}", STAND_IN), text=text.replace("{{link}}", STAND_IN),
    unsubscribe=STAND_IN, list_headers=(),
)  # fmt: skip
with open(sys.argv[1], encoding="utf-8", newline="") as file:
    readers = [
        Recipient(
            subscriber=SubscriberId(number), address=one["email"], name=one["name"], unsubscribe=one["link"],
            message_id=f"<1.{number}@example.org>",
        )
        for number, one in enumerate(csv.DictReader(file))
    ]  # fmt: skip
began = time.perf_counter()
size = sum(len(part) for reader in readers for part in merged(message, reader))
print(json.dumps({"seconds": time.perf_counter() - began, "size": size}))
