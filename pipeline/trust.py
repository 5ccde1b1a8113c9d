"""Whose word about a server's name is taken when a line is encrypted."""

from __future__ import annotations

import ssl
from pathlib import Path


def authorities() -> ssl.SSLContext:
    """The system's authorities; certifi's where Python finds none.

    Python of python.org finds none on macOS before its "Install Certificates.command" was run, and then no server could
    be read at all. SSL_CERT_FILE and SSL_CERT_DIR are followed (ssl.get_default_verify_paths).
    """
    found = ssl.get_default_verify_paths()
    if found.cafile or (found.capath and any(Path(found.capath).iterdir())):
        return ssl.create_default_context()
    import certifi

    return ssl.create_default_context(cafile=certifi.where())
