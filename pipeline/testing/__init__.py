"""The published contract suites: a stranger's provider or source is held to the rules that ours are held to.

    from pathlib import Path

    import my_pigeon
    from pipeline.testing import ProviderContract

    class TestPigeon(ProviderContract):
        module = my_pigeon
        table = {"loft": "north"}
        secrets = {"PAPERROUND_PIGEON_TOKEN": "a-token"}
        answers = Path(__file__).with_name("pigeon.json")

pytest runs it; nothing else is needed. docs/providers.md tells how the answers are written down.
"""

from pipeline.testing.answers import Exchange, Recorded, recorded
from pipeline.testing.batches import LINK, a_batch, a_reader
from pipeline.testing.providers import Delivered, ProviderContract
from pipeline.testing.sources import SourceContract

__all__ = [
    "LINK",
    "Delivered",
    "Exchange",
    "ProviderContract",
    "Recorded",
    "SourceContract",
    "a_batch",
    "a_reader",
    "recorded",
]
