"""One question over HTTP and its answer, and what answers for a printer."""

from dataclasses import dataclass
from typing import Protocol

IPP_CONTENT = "application/ipp"


@dataclass(frozen=True, slots=True)
class Question:
    """What was asked: the port is the one printers have, whichever the simulator listens at."""

    port: int
    tls: bool
    method: str
    path: str
    content_type: str = ""
    body: bytes = b""

    @property
    def ipp_version(self) -> str:
        """In which version of IPP is asked, such as `1.1` (RFC 8010 section 3.1.1); empty for what is no IPP request."""
        return f"{self.body[0]}.{self.body[1]}" if self.content_type == IPP_CONTENT and len(self.body) > 8 else ""


@dataclass(frozen=True, slots=True)
class Page:
    """What is answered; `{host}` in a location is the address that was asked, `server` what the web server calls itself."""

    body: bytes = b""
    content_type: str = ""
    status: int = 200
    location: str = ""
    server: str = ""


NOT_FOUND = Page(status=404)


class Pages(Protocol):
    """What one printer has over HTTP."""

    @property
    def ports(self) -> frozenset[int]:
        """The ports at which it answers."""
        ...

    def answer(self, question: Question, seconds: float) -> Page:
        """Return the answer `seconds` after the start."""
        ...
