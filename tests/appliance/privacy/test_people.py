"""Names of documents and people go out of panels and alerts; what the device says of itself stays."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from appliance.privacy.people import REMOVED, SCRUBBED, scrub, scrub_text
from appliance.report import Alert, Status
from tests.appliance.privacy.samples import full_reading

NAMES = ("keller", "anna", "müller", "smith", "termination", "payslip", "quarterly", "secret", "letter.docx", "田中", "kündigung")


@pytest.mark.parametrize(
    "text",
    [
        "Printing: Notice of termination.docx",
        "Printing Notice of termination",
        'Printing "Quarterly report"',
        "Printing 3 of 7: Payslip",
        "Cancelling Payslip.pdf",
        "Copying for Anna",
        "Druckt: Kündigung.pdf",
        "Druckt Kündigung",
        "Impression : lettre de Smith.pdf",
        "Imprimiendo: Payslip",
        "印刷中: 田中.pdf",
        "User: m.keller",
        "User m.keller logged in",
        "Owner=anna",
        "Account: sales-keller",
        "Benutzer: Keller",
        "ユーザー: 田中",
        "Job 17 from m.keller",
        "Print job 41 from Anna Müller is waiting",
        "Job Notice-of-termination waiting",
        "Job: letter.docx (User: keller)",
        "Held job: Payslip November",
        "Held job 'Payslip' is waiting",
        "Job by smith was cancelled",
        "Auftrag von Keller",
        "Enter PIN for private job of Keller",
        "Document: Termination",
        "Microsoft Word - Brief an Keller",
        "Paper jam while printing letter.docx",
        "letter.docx",
        "Printed by Anna",
        "Sent to Smith",
        "Received from Alice Smith",
        "In use by keller",
        "Welcome Anna",
        "Logged in as Anna Müller",
        "Angemeldet: Keller",
        "m.keller is printing",
        "Anna's document is waiting",
        "From: Anna Keller",
        "Name: Keller",
        "keller@example.com",
        "Scan to keller@corp",
        "CORP\\keller",
        "\\\\server\\share\\secret.pdf",
        "smb://server/anna",
        "C:\\Users\\keller\\x.doc",
        "printing /home/keller/x.txt",
    ],
)
def test_no_name_is_left(text: str) -> None:
    scrubbed = scrub_text(text)
    assert REMOVED in scrubbed
    assert [name for name in NAMES if name in scrubbed.lower()] == []


@pytest.mark.parametrize(
    "text",
    [
        "Ready",
        "Preparing to print...",
        "Printing...",
        "Printing 3 of 10",
        "Printing from tray 2",
        "Printing paused",
        "Printing stopped: paper jam in Tray 2",
        "Printing Configuration Page",
        "Processing data",
        "Receiving fax",
        "Copying 2",
        "Scan to folder",
        "Scanning glass dirty",
        "Cancelling job",
        "Job cancelled",
        "Job queue full",
        "Total jobs: 123",
        "Pages printed: 12345",
        "User intervention required",
        "Waiting for user",
        "Welcome",
        "Paper jam in Tray 2",
        "Paper from: Tray 2",
        "Load Tray 2 A4 Plain",
        "Document feeder jam",
        "Replace black toner",
        'Press "OK" to continue',
        'Install "Cyan" cartridge',
        "Print cartridge from other manufacturer",
        "Genuine HP supply installed",
        "Host name: NPI1A2B3C",
        "Printer name: HP",
        "Error 49.4C02",
        "10.000 sheets",
        "Druckt Testseite",
        "Papierstau in Fach 2",
        "Bourrage papier: tiroir 2",
        "Device is printing",
        "Don't turn off",
    ],
)
def test_what_a_device_says_of_itself_stays(text: str) -> None:
    assert scrub_text(text) == text


def test_rest_of_the_sentence_stays_where_a_name_ends() -> None:
    assert scrub_text("Print job 41 from Anna Müller is waiting") == f"Print job 41 from {REMOVED} is waiting"


def test_panel_and_alerts_of_a_reading_are_scrubbed_and_the_reasons_say_so() -> None:
    reading = full_reading().model_copy(
        update={
            "status": Status(console=("Ready", "User: m.keller")),
            "alerts": (Alert(severity="warning", group="x", code="other", description="Job 7 from Anna"),),
        }
    )
    scrubbed = scrub(reading)
    assert scrubbed.status.console == ("Ready", f"User: {REMOVED}")
    assert scrubbed.alerts[0].description == f"Job 7 from {REMOVED}"
    assert scrubbed.reasons["status.console"] == scrubbed.reasons["alerts.description"] == SCRUBBED
    assert scrubbed.device == reading.device


def test_a_reading_without_names_is_the_same_one() -> None:
    reading = full_reading()
    assert scrub(reading) is reading


WORDS = st.lists(
    st.sampled_from(
        [
            "Printing",
            "Job",
            "from",
            "by",
            "User",
            ":",
            "=",
            "is",
            "name",
            "to",
            "Anna",
            "Keller",
            "x.pdf",
            '"',
            "'",
            "\\",
            "@",
            "17",
            "-",
        ]
    ),
    max_size=14,
)


@given(WORDS.map(" ".join) | st.text(max_size=120))
def test_scrubbing_is_stable_and_never_fails(text: str) -> None:
    once = scrub_text(text)
    assert len(once) <= max(1024, len(text))
    assert scrub_text(once) == once


def test_what_one_rule_leaves_bare_is_taken_out_by_another() -> None:
    assert scrub_text("Job x.pdf Job Anna") == "(removed) Job (removed)"
