"""The settings of an appliance. The hosting server validates with the same model what it publishes."""

from collections.abc import Mapping
from datetime import date
from typing import Annotated, Any, Literal, Self

from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Discriminator,
    Field,
    SecretStr,
    Tag,
    field_serializer,
    model_validator,
)

from appliance.common.errors import SettingsError
from appliance.common.message import Message, message_of
from appliance.settings.address_ranges import check_address, check_range, check_target
from appliance.settings.field_checks import check_base_path, check_hex, check_metrics_token, check_url
from appliance.settings.ipp_targets import check_scan_place
from appliance.settings.quiet_times import check_quiet_time, check_quiet_times
from appliance.settings.reading_fields import check_reading_field
from appliance.settings.update_window import check_window
from appliance.snmp.v3.usm import AuthProtocol, PrivProtocol, User

Target = Annotated[str, AfterValidator(check_target)]
ScanTarget = Annotated[str, AfterValidator(check_scan_place)]
Range = Annotated[str, AfterValidator(check_range)]
Address = Annotated[str, AfterValidator(check_address)]
Url = Annotated[str, AfterValidator(check_url)]
QuietTime = Annotated[str, AfterValidator(check_quiet_time)]
ReadingField = Annotated[str, AfterValidator(check_reading_field)]
Mask = Literal["send", "mask"]
MaskOrPseudonym = Literal["send", "mask", "pseudonym"]


class Section(BaseModel):
    """Base of every section: unknown names are refused, values cannot be changed in place."""

    model_config = ConfigDict(extra="forbid", frozen=True, validate_default=True)


class SiteSettings(Section):
    """How the site is called in the web UI and at the hosting server."""

    name: Annotated[str, Field(max_length=100, description="Name of the site")] = ""


class ScanSettings(Section):
    """Which addresses are looked at, how often, and how gently."""

    targets: Annotated[
        tuple[ScanTarget, ...],
        Field(
            max_length=4096, description="Networks, ranges, addresses and host names to scan, and printers as ipp://HOST:PORT/PATH"
        ),
    ] = ()
    exclude: Annotated[tuple[Target, ...], Field(max_length=4096, description="Never contacted, whatever the targets say")] = ()
    sweep_minutes: Annotated[int, Field(ge=5, le=10080, description="Minutes between two sweeps for new devices")] = 1440
    read_minutes: Annotated[int, Field(ge=1, le=1440, description="Minutes between two readings of the known devices")] = 60
    packets_per_second: Annotated[int, Field(ge=1, le=10000, description="Ceiling of packets sent each second by a sweep")] = 200
    icmp: Annotated[bool, Field(description="Ask with a ping first; see silent_hours for devices that do not answer pings")] = True
    silent_hours: Annotated[
        int,
        Field(ge=0, le=8760, description="Hours between two sweeps that also ask over SNMP what answers no ping; 0: never"),
    ] = 24
    quiet_times: Annotated[
        tuple[QuietTime, ...],
        AfterValidator(check_quiet_times),
        Field(max_length=50, description="When nothing is scanned or read, in local time, such as Mon-Fri 07:30-09:00"),
    ] = ()
    http: Annotated[bool, Field(description="Ask over HTTP what SNMP leaves open, of devices that are awake")] = True
    dns_sd: Annotated[
        bool, Field(description="Ask the networks of this machine by multicast (DNS-SD) which printers announce themselves")
    ] = False
    neighbours: Annotated[bool, Field(description="Ask the routers named in scan.routers for the addresses they know")] = False
    routers: Annotated[
        tuple[Address, ...], Field(max_length=64, description="Addresses of routers and switches, asked for their neighbours alone")
    ] = ()
    router_credential: Annotated[
        str, Field(max_length=60, description="Name of the credential that is for the routers, and for nothing else")
    ] = ""
    new_devices: Annotated[
        Literal["add", "ask"],
        Field(description="What is found beside the ranges: add reads it at once, ask lets it wait for a person"),
    ] = "ask"
    added: Annotated[tuple[Address, ...], Field(max_length=4096, description="Printers that were found so and added")] = ()
    ignored: Annotated[tuple[Address, ...], Field(max_length=4096, description="Printers that were found so and not wanted")] = ()


Ranges = Annotated[
    tuple[Range, ...],
    Field(max_length=256, description="Networks, ranges and addresses it is for; none: all"),
]
HexText = Annotated[str, AfterValidator(check_hex)]
HexSecret = Annotated[SecretStr, AfterValidator(lambda secret: SecretStr(check_hex(secret.get_secret_value())))]


class CommunityCredential(Section):
    """One way to be let in over SNMPv1 or SNMPv2c."""

    name: Annotated[str, Field(max_length=60)] = ""
    version: Literal["1", "2c"] = "2c"
    community: SecretStr = SecretStr("public")
    ranges: Ranges = ()

    @field_serializer("community", when_used="always")
    def _reveal(self, value: SecretStr) -> str:
        """Write the secret out: the model is only dumped into the settings file, never into an answer."""
        return value.get_secret_value()


class UserCredential(Section):
    """One way to be let in over SNMPv3."""

    name: Annotated[str, Field(max_length=60)] = ""
    version: Literal["3"] = "3"
    user: Annotated[str, Field(description="Name of the user, as it is set in the devices")]
    auth_protocol: AuthProtocol = "none"
    auth_passphrase: SecretStr = SecretStr("")
    auth_localized_key: Annotated[HexSecret, Field(description="In hex, in place of the passphrase; it fits one device")] = (
        SecretStr("")
    )
    priv_protocol: PrivProtocol = "none"
    priv_passphrase: SecretStr = SecretStr("")
    priv_localized_key: Annotated[HexSecret, Field(description="In hex, in place of the passphrase; it fits one device")] = (
        SecretStr("")
    )
    context_name: Annotated[str, Field(max_length=255, description="Some devices need one, such as Jetdirect")] = ""
    context_engine_id: Annotated[HexText, Field(description="In hex; empty: the device's own")] = ""
    security_engine_id: Annotated[HexText, Field(description="In hex; empty: the device is asked for it")] = ""
    ranges: Ranges = ()

    @field_serializer("auth_passphrase", "auth_localized_key", "priv_passphrase", "priv_localized_key", when_used="always")
    def _reveal(self, value: SecretStr) -> str:
        return value.get_secret_value()

    @model_validator(mode="after")
    def _is_complete(self) -> Self:
        try:
            self.as_user()
        except SettingsError as error:
            raise ValueError(message_of(error)) from error
        return self

    def as_user(self) -> User:
        """Return the user in the form SNMP needs. Raises SettingsError."""
        return User(
            self.user,
            self.auth_protocol,
            self.auth_passphrase.get_secret_value(),
            bytes.fromhex(self.auth_localized_key.get_secret_value()),
            self.priv_protocol,
            self.priv_passphrase.get_secret_value(),
            bytes.fromhex(self.priv_localized_key.get_secret_value()),
            self.context_name,
            bytes.fromhex(self.context_engine_id),
            bytes.fromhex(self.security_engine_id),
        )


CREDENTIAL_KINDS = ("(community)", "(user)")
"""What pydantic puts into the path of an error, beside the number of the credential."""


def _kind(value: Any) -> str:
    version = value.get("version") if isinstance(value, Mapping) else getattr(value, "version", None)
    return CREDENTIAL_KINDS[version == "3"]


SnmpCredential = Annotated[
    Annotated[CommunityCredential, Tag(CREDENTIAL_KINDS[0])] | Annotated[UserCredential, Tag(CREDENTIAL_KINDS[1])],
    Discriminator(_kind),
]
"""Credentials are told apart by `version`, which is 2c where it is missing, and tried in order."""


class SnmpSettings(Section):
    """How devices are asked."""

    credentials: Annotated[tuple[SnmpCredential, ...], Field(min_length=1, max_length=16)] = (CommunityCredential(name="default"),)
    port: Annotated[int, Field(ge=1, le=65535, description="UDP port of the SNMP agents")] = 161
    timeout_seconds: Annotated[float, Field(ge=0.1, le=30, description="Seconds to wait for one answer")] = 2.0
    retries: Annotated[int, Field(ge=0, le=5, description="How often an unanswered request is repeated")] = 1
    device_seconds: Annotated[float, Field(ge=1, le=300, description="Seconds one device may take in all")] = 30.0
    max_repetitions: Annotated[int, Field(ge=1, le=50, description="Rows asked for in one GETBULK")] = 30


class HostingSettings(Section):
    """Where the readings go. Without an address the appliance works alone and keeps its readings."""

    url: Annotated[Url, Field(description="Address of the hosting server")] = ""
    ca_file: Annotated[
        str,
        Field(max_length=4096, description="File with the certificate authority of the server, beside the public ones"),
    ] = ""
    verify_tls: Annotated[bool, Field(description="Check the certificate of the server")] = True
    proxy: Annotated[Url, Field(description="Address of a web proxy")] = ""
    proxy_user: Annotated[str, Field(max_length=200)] = ""
    proxy_password: SecretStr = SecretStr("")
    check_in_seconds: Annotated[int, Field(ge=5, le=86400, description="Seconds between two check-ins")] = 50
    upload_seconds: Annotated[int, Field(ge=1, le=86400, description="Seconds between two uploads while readings wait")] = 60

    @field_serializer("proxy_password", when_used="always")
    def _reveal(self, value: SecretStr) -> str:
        return value.get_secret_value()


class HealthCheckSettings(Section):
    """The health check: on, it restarts what fails; off, it observes and reports."""

    enabled: Annotated[bool, Field(description="Restart what fails")] = True
    memory_ceiling_mb: Annotated[int, Field(ge=64, le=8192, description="A component above this memory is restarted")] = 256


class UpdateSettings(Section):
    """The intelligent update: what the hosting server may change here."""

    level: Annotated[
        Literal["off", "config", "notify", "auto"],
        Field(description="off: nothing; config: configuration; notify: also offer new versions; auto: also install them"),
    ] = "auto"
    hold_until: Annotated[date | None, Field(description="No new version is installed by itself until this day is over")] = None
    window: Annotated[
        str,
        AfterValidator(check_window),
        Field(max_length=40, description="When new versions are installed, in local time, such as 22:00-05:00; empty: at any time"),
    ] = ""
    channel: Annotated[
        str,
        Field(pattern=r"^[a-z0-9][a-z0-9-]{0,31}$", description="Which releases of the hosting team this site follows"),
    ] = "stable"
    kilobytes_per_second: Annotated[
        int,
        Field(ge=0, le=1_000_000, description="What fetching from the repository may take of the line (1 kB is 1,000 B); 0: all"),
    ] = 0


MetricsToken = Annotated[SecretStr, AfterValidator(check_metrics_token)]


class WebSettings(Section):
    """The local web UI. Takes effect when the web UI starts again."""

    port: Annotated[int, Field(ge=1, le=65535)] = 8080
    bind: Annotated[str, Field(max_length=60)] = "0.0.0.0"  # noqa: S104 - inside a container; DCA_WEB_BIND narrows it elsewhere
    base_path: Annotated[str, AfterValidator(check_base_path), Field(max_length=200)] = ""
    allowed_hosts: Annotated[tuple[str, ...], Field(max_length=64)] = ()
    trusted_proxies: Annotated[tuple[str, ...], Field(max_length=64)] = ()
    metrics_token: Annotated[
        MetricsToken, Field(description="Opens /metrics, at once, for Prometheus and nothing else; without one /metrics is off")
    ] = SecretStr("")

    @field_serializer("metrics_token", when_used="always")
    def _reveal(self, value: SecretStr) -> str:
        return value.get_secret_value()


class StoreSettings(Section):
    """How long readings stay on the site's own disk after they were sent."""

    keep_days: Annotated[int, Field(ge=1, le=3650)] = 90


class PrivacySettings(Section):
    """What leaves the site, and in what form. Serial number and meters always do: they are what the service is billed by.

    A mask leaves the value out; a pseudonym stands for the same value each time, and only the site can tell for which. Names of
    documents and users are never kept at all, whatever is set here.
    """

    ip_address: Annotated[
        Literal["send", "mask_last_octet", "pseudonym"],
        Field(description="IP addresses: as they are, without the last octet (IPv6: the last 64 bits), or a pseudonym"),
    ] = "send"
    host_name: Annotated[MaskOrPseudonym, Field(description="Host names of the devices")] = "send"
    mac: Annotated[MaskOrPseudonym, Field(description="MAC addresses of the devices")] = "send"
    location: Annotated[Mask, Field(description="Locations of the devices")] = "send"
    asset_number: Annotated[Mask, Field(description="Asset numbers of the devices")] = "send"
    console: Annotated[Mask, Field(description="What the panels of the devices show")] = "send"
    phone_numbers: Annotated[Mask, Field(description="Phone numbers in any text")] = "mask"
    fields: Annotated[
        tuple[ReadingField, ...],
        Field(max_length=100, description="Further fields that are never sent, such as alerts.description"),
    ] = ()
    support_bundle: Annotated[
        bool, Field(description="Send a support bundle when the hosting team asks for one: no secrets, and under these masks")
    ] = False


class Guardrails(Section):
    """Limits only the site sets; configuration of the hosting server outside them is refused as a whole."""

    networks: Annotated[
        tuple[Range, ...],
        Field(
            max_length=4096,
            description="The only networks that may be scanned; empty: any; private ones where the hosting server sets the ranges",
        ),
    ] = ()
    packets_per_second: Annotated[int, Field(ge=1, le=10000, description="Ceiling of scan.packets_per_second")] = 1000
    keep_days: Annotated[int, Field(ge=1, le=3650, description="Fewest days the hosting server may set in store.keep_days")] = 7
    check_in_seconds: Annotated[
        int, Field(ge=5, le=86400, description="Most seconds the hosting server may set in hosting.check_in_seconds")
    ] = 21600
    upload_seconds: Annotated[
        int, Field(ge=1, le=86400, description="Most seconds the hosting server may set in hosting.upload_seconds")
    ] = 21600
    read_minutes: Annotated[
        int, Field(ge=1, le=1440, description="Most minutes the hosting server may set in scan.read_minutes")
    ] = 1440
    sweep_minutes: Annotated[
        int, Field(ge=5, le=10080, description="Most minutes the hosting server may set in scan.sweep_minutes")
    ] = 10080
    snmp_ports: Annotated[
        tuple[Annotated[int, Field(ge=1, le=65535)], ...],
        Field(max_length=64, description="UDP ports that the hosting server may name in snmp.port"),
    ] = (161,)
    definitions: Annotated[
        Literal["any", "none"],
        Field(description="Vendor definitions of the hosting server: any, or none"),
    ] = "any"


class Settings(Section):
    """Everything that can be set, each value validated, each with a working default except the targets."""

    site: SiteSettings = SiteSettings()
    scan: ScanSettings = ScanSettings()
    snmp: SnmpSettings = SnmpSettings()
    hosting: HostingSettings = HostingSettings()
    health_check: HealthCheckSettings = HealthCheckSettings()
    update: UpdateSettings = UpdateSettings()
    web: WebSettings = WebSettings()
    store: StoreSettings = StoreSettings()
    privacy: PrivacySettings = PrivacySettings()
    guardrails: Guardrails = Guardrails()

    @model_validator(mode="after")
    def _within_guardrails(self) -> Self:
        if self.scan.packets_per_second > self.guardrails.packets_per_second:
            raise ValueError(
                Message(
                    "scan.packets_per_second is %(set)d, above the site's ceiling of %(ceiling)d (guardrails.packets_per_second)",
                    set=self.scan.packets_per_second,
                    ceiling=self.guardrails.packets_per_second,
                )
            )
        return self


SITE_ONLY: frozenset[str] = frozenset({"health_check", "update", "web", "privacy", "guardrails", "hosting"})
"""Sections the hosting server can never set, but for what `HOSTING_MAY_SET` names of them."""

HOSTING_MAY_SET: Mapping[str, frozenset[str]] = {
    "hosting": frozenset({"check_in_seconds", "upload_seconds"}),
    "update": frozenset({"window", "hold_until"}),
}
"""Fields the hosting server may set in sections that are otherwise the site's own."""


SITE_ONLY_FIELDS: Mapping[str, frozenset[str]] = {
    "scan": frozenset({"dns_sd", "neighbours", "routers", "router_credential", "new_devices", "added", "ignored"}),
}
"""Fields only the site may set, in sections that the hosting server may set otherwise."""


def is_site_only(section: str, field: str) -> bool:
    """Return whether only the site may set a field."""
    if section in SITE_ONLY:
        return field not in HOSTING_MAY_SET.get(section, frozenset())
    return field in SITE_ONLY_FIELDS.get(section, frozenset())


SECRET_SETTINGS: frozenset[str] = frozenset({"snmp.credentials", "hosting.proxy_password", "web.metrics_token"})
"""Settings that hold secrets, by their paths: none of them may be in a signed configuration."""


def settings_schema() -> dict[str, Any]:
    """Return the JSON Schema of the settings."""
    return Settings.model_json_schema()
