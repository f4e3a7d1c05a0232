"""What a vendor definition may say of supplies: put together from objects, rows of a table or a document of the vendor's own."""

from typing import Annotated, Literal

from pydantic import Field, model_validator

from appliance.reading.definitions.fields import (
    Capacities,
    Names,
    Number,
    OidText,
    PatternText,
    References,
    States,
    SupplyType,
    Title,
    WasteLevel,
)
from appliance.reading.definitions.part import Part, Source


class SupplySpec(Part):
    """One supply, put together from objects: a field is the name of an object, or `RECORDS:KEY` with the key in two hex digits."""

    type: SupplyType
    color: Title | None = None
    description: Annotated[str, Field(max_length=200)] | None = None
    level: References = ()
    """Of several the first that has answered."""
    capacity: Capacities = ()
    """What each level is measured against: a number, or the object that tells it; 100 for a percentage."""
    join: tuple[Literal["description", "color", "type"], ...] | None = None
    """By what it finds its row of prtMarkerSuppliesTable: by default colour and type."""
    state: Title | None = None
    states: States = Field(default_factory=dict)
    serial: Title | None = None
    part_number: Title | None = None
    prefer: bool = False
    waste_level: WasteLevel | None = None
    """What the level of a container for waste tells, where this one is known."""
    model: PatternText | None = None
    not_model: PatternText | None = None

    @model_validator(mode="after")
    def _a_capacity_for_each_level(self) -> "SupplySpec":
        if len(self.capacity) not in {0, 1, len(self.level)}:
            raise ValueError("capacity: write one for all levels, or one for each")
        return self


class SupplyColumns(Part):
    """The columns of a vendor's table of supplies."""

    type: OidText | None = None
    color: OidText | None = None
    description: OidText | None = None
    name: OidText | None = None
    """Another text of it, where the description is missing."""
    level: OidText | None = None
    capacity: OidText | None = None
    unit: OidText | None = None
    state: OidText | None = None
    serial: OidText | None = None
    part_number: OidText | None = None


class SuppliesSpec(Source):
    """A vendor's own table of supplies, joined to prtMarkerSuppliesTable."""

    columns: SupplyColumns
    join: tuple[Literal["index", "part_number", "description", "color", "type"], ...] = Field(min_length=1)
    """By what a row finds its row of the standard table: the first of these that names exactly one."""
    index: Annotated[int, Field(ge=-8, le=8)] = -1
    """Which number of a row's index is the index of the supply."""
    add: bool = True
    """Whether rows the standard table does not have are supplies of their own."""
    types: Names = Field(default_factory=dict)
    colors: Names = Field(default_factory=dict)
    """What the numbers of the column `color` stand for."""
    units: Names = Field(default_factory=dict)
    states: States = Field(default_factory=dict)
    level_states: States = Field(default_factory=dict)
    """Levels of this table that name a state instead of an amount."""
    type: SupplyType | None = None
    """The type of rows that do not tell one."""
    capacity: Number | None = None
    """The capacity where no column tells it: 100 for percentages."""
    prefer: bool = False


class DocumentColumns(Part):
    """The column that holds the document."""

    text: OidText


class DocumentSpec(Source):
    """An XML document, told in pieces: the octet strings of one column, in the order of their index.

    It is asked for only where the standard table leaves a level open, completes its rows and adds none.
    """

    columns: DocumentColumns
    element: Title
    """The element that a supply is."""
    description: Title
    """The element within it that names it."""
    level: Title
    """The element within it that tells how much is left."""
    join: tuple[Literal["description", "color", "type"], ...] = Field(min_length=1)
    """By what it finds its row of the standard table: the first of these that names exactly one."""
    type: SupplyType
    capacity: Number = 100
