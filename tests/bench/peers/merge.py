"""Each reader's link put into her copy by a template engine: `python merge.py ENGINE READERS ISSUE` (see send.py)."""

from __future__ import annotations

import csv
import json
import sys
import time
from collections.abc import Callable
from pathlib import Path

ENGINE, READERS, ISSUE = sys.argv[1], sys.argv[2], Path(sys.argv[3])
Fill = Callable[[str], str]


def jinja(text: str) -> Fill:
    import jinja2

    template = jinja2.Environment(autoescape=True).from_string(text)
    return lambda link: template.render(link=link)


def django(text: str) -> Fill:
    from django.template import Context, Engine

    template = Engine().from_string(text)
    return lambda link: str(template.render(Context({"link": link})))


def replace(text: str) -> Fill:
    return lambda link: text.replace("{{link}}", link)


def join(text: str) -> Fill:
    pieces = text.split("{{link}}")
    return lambda link: link.join(pieces)


ENGINES = {"jinja2": jinja, "django": django, "replace": replace, "join": join}

with open(READERS, encoding="utf-8", newline="") as file:
    links = [one["link"] for one in csv.DictReader(file)]
fills = [ENGINES[ENGINE]((ISSUE / f"issue.{kind}").read_text("utf-8")) for kind in ("html", "txt")]
began = time.perf_counter()
size = sum(len(fill(link)) for link in links for fill in fills)
print(json.dumps({"seconds": time.perf_counter() - began, "size": size}))
