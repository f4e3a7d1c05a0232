"""How a scan asks: the settings in the form it needs."""

from collections.abc import Iterable
from dataclasses import dataclass, field

from appliance.discovery.credentials import Credential
from appliance.discovery.targets import Ranges
from appliance.reading.definitions.definitions import Definitions, builtin_definitions
from appliance.settings.model import Settings, SnmpCredential, UserCredential
from appliance.snmp.client import SnmpOptions

__all__ = ["Credential", "ScanOptions", "credentials_of"]


def credentials_of(settings: Iterable[SnmpCredential]) -> tuple[Credential, ...]:
    """Return credentials in the form SNMP needs. One without a name is remembered by its number."""
    return tuple(_credential(item, item.name or f"#{number}") for number, item in enumerate(settings, 1))


def _credential(item: SnmpCredential, name: str) -> Credential:
    ranges = Ranges(item.ranges) if item.ranges else None
    if isinstance(item, UserCredential):
        return Credential(name, item.version, user=item.as_user(), ranges=ranges)
    return Credential(name, item.version, item.community.get_secret_value(), ranges=ranges)


def printer_credentials(settings: Settings) -> tuple[Credential, ...]:
    """Return what devices are asked with: the credential that is named for routers is never shown to anything else."""
    named = settings.scan.router_credential
    return tuple(each for each in credentials_of(settings.snmp.credentials) if not named or each.name != named)


def router_credentials(settings: Settings) -> tuple[Credential, ...]:
    """Return what routers are asked with: what has the name that is set for them, nothing where none is."""
    named = settings.scan.router_credential
    return tuple(each for each in credentials_of(settings.snmp.credentials) if named and each.name == named)


@dataclass(frozen=True, slots=True)
class ScanOptions:
    """How to ask: what the settings say, in the form a scan needs."""

    credentials: tuple[Credential, ...]
    port: int
    packets_per_second: int
    icmp: bool
    snmp: SnmpOptions
    http: bool = True
    """Whether what SNMP leaves open is asked over HTTP."""
    in_full: bool = False
    """Whether devices are asked for everything, whatever is known of them."""
    definitions: Definitions = field(default_factory=builtin_definitions)
    """The vendor definitions in force."""

    @classmethod
    def from_settings(cls, settings: Settings) -> "ScanOptions":
        """Return the options that `settings` ask for."""
        snmp = settings.snmp
        return cls(
            credentials=printer_credentials(settings),
            port=snmp.port,
            packets_per_second=settings.scan.packets_per_second,
            icmp=settings.scan.icmp,
            snmp=SnmpOptions(
                timeout=snmp.timeout_seconds,
                retries=snmp.retries,
                budget=snmp.device_seconds,
                max_repetitions=snmp.max_repetitions,
            ),
            http=settings.scan.http,
        )
