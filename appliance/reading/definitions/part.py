"""What all parts of a vendor definition have in common."""

from pydantic import BaseModel, ConfigDict

from appliance.reading.definitions.fields import Evidence, Name, PatternText, Sentence


class Part(BaseModel):
    """Base of every part of a definition: nothing unknown, nothing changed later."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=False)


class Source(Part):
    """What every object of a definition tells of itself."""

    name: Name
    evidence: Evidence
    unproven: bool = False
    """True: no recording of a device has shown yet that it says this."""
    model: PatternText | None = None
    """Only for devices with this in one of their descriptions."""
    not_model: PatternText | None = None
    """Not for devices with this in one of them."""
    note: Sentence | None = None
