"""What the generated printers have over HTTP: made of the same descriptions as their SNMP objects, and as old at each moment."""

from simulator.printing import Printing
from simulator.web import ipp, ledm
from simulator.web.pages import IPP_CONTENT, NOT_FOUND, Page, Question

IPP_PORT, HTTP_PORT, HTTPS_PORT = 631, 80, 443


class GeneratedPages:
    """The pages of one generated printer."""

    def __init__(self, printing: Printing) -> None:
        self._printing = printing
        self._web = printing.model.web

    @property
    def ports(self) -> frozenset[int]:
        """The ports at which it answers."""
        return frozenset({IPP_PORT, HTTP_PORT, HTTPS_PORT} if self._web.ledm else {IPP_PORT})

    def answer(self, question: Question, seconds: float) -> Page:
        """Return an answer of IPP at the path of the printer, else one of its documents, else 404."""
        if question.method == "POST" and question.path == self._web.path and question.ipp_version:
            return Page(ipp.answer(self._printing, question.body, seconds), IPP_CONTENT)
        document = ledm.DOCUMENTS.get(question.path) if self._web.ledm and question.method == "GET" else None
        if document is None or question.port == IPP_PORT or question.tls is not (question.port == HTTPS_PORT):
            return NOT_FOUND
        return Page(document(self._printing, seconds), "text/xml")
