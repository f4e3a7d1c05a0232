"""What callers of this room handle beside its own classes, for those who may import no other room of the appliance."""

from appliance.common.errors import BatchIdTakenError, ContentRefusedError, HostingError, RefusedError, SettingsError
from appliance.store.rows import Batch
from appliance.store.uuid7 import Uuid7Maker

__all__ = ["Batch", "BatchIdTakenError", "ContentRefusedError", "HostingError", "RefusedError", "SettingsError", "Uuid7Maker"]
