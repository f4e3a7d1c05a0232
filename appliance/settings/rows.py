"""Rows of the settings file that the appliance can do without, and when one can be used."""

from dataclasses import dataclass
from typing import Annotated, Literal

from pydantic import StringConstraints

from appliance.common.record import MomentOrNone, Sha256

By = Literal["page", "command", "environment", "enrolled"]


@dataclass(frozen=True, slots=True)
class Choice:
    """When the masks were chosen first, and by what: a row of `privacy_choice`."""

    by: By
    at: MomentOrNone = ""
    """Empty where the site was enrolled before there was a choice."""


@dataclass(frozen=True, slots=True)
class Registration:
    """Where this site is enrolled: the row of `enrolment`."""

    url: Annotated[str, StringConstraints(pattern=r"^https?://[^\s[:cntrl:]]+$")]
    site_id: Annotated[str, StringConstraints(pattern=r"^[!-~]+$")]
    enrolled_at: MomentOrNone = ""
    root_sha256: Sha256 | None = None
    """SHA-256 of the root of trust it was enrolled with; without one no signed configuration is taken."""
