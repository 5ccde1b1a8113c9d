"""The server itself: uvicorn in front of the pages, and one thread behind them for what no request may wait for."""

from __future__ import annotations

import signal
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

from pipeline import feedback
from pipeline.errors import PaperroundError
from pipeline.public.app import application
from pipeline.public.asked import Desk
from pipeline.public.limits import Limit
from pipeline.run import Project

FORMS = Limit(20, timedelta(hours=1))
"""How often one client may send the form: a class of children and their teacher share an address."""

SENTENCES = Limit(1, timedelta(hours=1))
"""How often the same is said about calls: a provider repeats those that are refused."""


def serve(project: Project, host: str, port: int, say: Callable[[str], None]) -> None:
    """Serve the readers' side until somebody stops it (SIGINT, SIGTERM). A mail on its way is handed over."""
    import uvicorn

    (project.settings.outbox / "public").mkdir(parents=True, exist_ok=True)
    after = ThreadPoolExecutor(1, "after-the-answer")
    # uvicorn answers to SIGTERM itself, and then sends it once more: by default that would cut off a mail on its way.
    signal.signal(signal.SIGTERM, _leave)
    try:
        config = uvicorn.Config(
            application(desk(project, after, say)),
            host=host,
            port=port,
            log_level="warning",
            # Addresses hold readers' tokens; they belong in no log.
            access_log=False,
            server_header=False,
            proxy_headers=True,
            forwarded_allow_ips=list(project.settings.readers.trusted_proxies),
            limit_concurrency=200,
            timeout_keep_alive=5,
            timeout_graceful_shutdown=5,
        )
        server = uvicorn.Server(config)
        say(f"The readers' side is at http://{host}:{port}/ (stop with Ctrl-C).")
        server.run()
    finally:
        after.shutdown(cancel_futures=True)  # what has not begun is the next run's


def _leave(_signal: int, _frame: object) -> None:
    raise SystemExit(0)


def desk(project: Project, after: ThreadPoolExecutor, say: Callable[[str], None]) -> Desk:
    """What the pages work with; what is due after an answer is done by `after`, one thing at a time."""

    def soon(key: str) -> None:
        after.submit(perform, key)

    def perform(key: str) -> None:
        try:
            report = feedback.work(key, project.store, project.settings.feedback, project.out)
        except PaperroundError as fault:
            say(str(fault))
            return
        except Exception as fault:  # noqa: BLE001 - nobody waits for this thread, so nobody else would tell
            say(f"feedback failed on {key}: {type(fault).__name__}: {fault}.")
            return
        for sentence in (*report.errors, *report.attention):
            say(sentence)

    return Desk(
        settings=project.settings,
        store=project.store,
        clock=project.out.clock,
        fetch=project.out.fetch,
        soon=soon,
        say=lambda sentence: say(sentence) if SENTENCES.takes(sentence, project.out.clock()) else None,
        clients=FORMS,
    )
