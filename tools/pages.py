"""Pages of the documentation that stand elsewhere: the commands as the program tells them, and files of the root.

mkdocs calls `on_files`: https://www.mkdocs.org/user-guide/configuration/#hooks.
"""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from mkdocs.structure.files import File

if TYPE_CHECKING:
    from mkdocs.config.defaults import MkDocsConfig
    from mkdocs.structure.files import Files

ROOT = Path(__file__).resolve().parents[1]
FROM_ROOT = ("CHANGELOG", "SECURITY", "CONTRIBUTING")


def on_files(files: Files, config: MkDocsConfig) -> Files:
    """Add each as if it lay in docs/."""
    for name in FROM_ROOT:
        text = (ROOT / f"{name}.md").read_text("utf-8")
        files.append(File.generated(config, f"{name.lower()}.md", content=re.sub(r"\]\(docs/", "](", text)))
    told = subprocess.run(
        [sys.executable, "-m", "pipeline.cli.main", "manual", "--markdown"],
        capture_output=True, text=True, check=True, cwd=ROOT,
    )  # fmt: skip
    files.append(File.generated(config, "commands.md", content=told.stdout))
    return files
