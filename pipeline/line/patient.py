"""smtplib's client with one limit of time: its own begins anew with every byte that drips in."""

from __future__ import annotations

import io
import smtplib
import socket
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pipeline.line.mailer import Attempt


class Patient(smtplib.SMTP):
    """A client that listens until the time of the present `attempt` is over."""

    def __init__(self, host: str, port: int, *, attempt: Attempt, **more: Any) -> None:
        self.attempt = attempt
        super().__init__(host, port, timeout=attempt.left(), **more)

    def _get_socket(self, host: str, port: int, timeout: float) -> socket.socket:  # noqa: ARG002
        """As the class above has it, but that each of the host's addresses has a time of its own."""
        line = socket.create_connection((host, port), self.attempt.to_connect())
        line.settimeout(self.attempt.left())
        return line

    def getreply(self) -> tuple[int, bytes]:
        """As the class above has it, which reads from `file` and forgets it when another conversation begins."""
        if self.file is None:
            self.file = io.BufferedReader(_Heard(self))
        return super().getreply()


class PatientTls(Patient, smtplib.SMTP_SSL):
    """The same, encrypted from the first byte."""

    def _get_socket(self, host: str, port: int, timeout: float) -> socket.socket:
        return self.context.wrap_socket(super()._get_socket(host, port, timeout), server_hostname=host)


class _Heard(io.RawIOBase):
    """What the server says. Raises TimeoutError when the time is over."""

    def __init__(self, client: Patient) -> None:
        self._client = client

    def readable(self) -> bool:
        return True

    def readinto(self, into: Any) -> int:
        line = self._client.sock
        assert line is not None
        line.settimeout(self._client.attempt.left())
        return line.recv_into(into)
