"""100,000 generated texts: what is masked does not leave, however it is spelled and wherever it stands; numbers billed by do."""

import json
import math
import random
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import pytest

from appliance.privacy.known_devices import KnownDevices
from appliance.privacy.outgoing import Masking
from appliance.report import Device, Event, Reading
from appliance.settings.model import PrivacySettings
from appliance.support.scrubbing import Scrubber
from tests.appliance.privacy.samples import KEY
from tests.appliance.privacy.spellings import Planted, host_name, ipv4, ipv6, mac, phone, plain

TEXTS = 100_000
PARTS = 5
SEED = 20261129
BEFORE = (
    *("", "", "Ready ", "Call ", "at ", "(", "x=", "Ger\u00e4t ", "Gateway: ", "Error 49, "),
    *("\u7f51\u7edc ", "Paper jam\n", "Toner|"),
)
AFTER = ("", "", ".", ", tray 2", ")", " ready", "; 40 %", "!", " \u00fcber LAN", "\nCheck", "|", "\u3002")
OTHERS = tuple(
    Device(key=f"serial:ACME:{number}", ip=f"198.51.100.{number}", hostname=f"prn-{number}-kq", mac=f"00:1b:a9:{number:02x}:c4:9e")
    for number in range(1, 40)
)
SETTINGS = tuple(
    PrivacySettings(ip_address=ip, host_name=name, mac=mac_mode)  # type: ignore[arg-type]
    for ip, name, mac_mode in (
        ("mask_last_octet", "mask", "mask"),
        ("pseudonym", "pseudonym", "pseudonym"),
        ("mask_last_octet", "pseudonym", "mask"),
    )
)
PLACES = (
    *("manufacturer", "model", "description", "asset_number", "location", "console", "alert", "supply", "supply_color"),
    *("supply_source", "tray_name", "tray_media", "meter_source", "misc", "misc_list", "misc_deep", "misc_name", "misc_state"),
    *("reason", "source", "event", "event_reason", "check_in", "bundle", "update_log"),
)


@dataclass
class Site:
    """A device with texts in all places, and what is planted in them."""

    chance: random.Random
    device: dict[str, Any]
    texts: dict[str, str] = field(default_factory=dict)
    planted: dict[str, list[Planted]] = field(default_factory=dict)

    def fill(self, number_of_mac: str) -> None:
        """Plant something in every place."""
        for place in PLACES:
            secrets = [self._secret(number_of_mac) for _ in range(self.chance.choice((1, 1, 2)))]
            words = [f"{self.chance.choice(BEFORE)}{one.written}{self.chance.choice(AFTER)}" for one in secrets]
            text = " | ".join(words)
            # Plain digits alone are the number of an asset, not of a phone.
            self.texts[place] = f"({text})" if place == "asset_number" and text.isdecimal() else text
            self.planted[place] = secrets

    def _secret(self, own_mac: str) -> Planted:
        chance, other = self.chance, self.chance.choice(OTHERS)
        kind = chance.randrange(8)
        if kind == 0:
            return ipv4(chance, self.device["ip"])
        if kind == 1:
            return ipv4(chance, str(other.ip))
        if kind == 2:
            return ipv4(chance, f"{chance.choice((10, 172, 192, 203))}.{chance.randint(0, 255)}.0.{chance.randint(10, 255)}")
        if kind == 3:
            return ipv6(chance)
        if kind == 4:
            known = chance.choice((own_mac, str(other.mac).replace(":", "")))
            return mac(chance, known, known=True)
        if kind == 5:
            return mac(chance, f"{chance.getrandbits(48):012x}", known=False)
        return host_name(chance, self.device["hostname"], str(other.hostname)) if kind == 6 else phone(chance)


def number_like(chance: random.Random) -> str:
    """Return the number of a device or a supply that looks like something that is masked."""
    return chance.choice(
        (
            f"10.{chance.randint(0, 255)}.7.9",
            f"00:1b:a9:{chance.randint(0, 255):02x}:a7:52",
            f"{chance.getrandbits(48):012X}",
            f"089{chance.randint(1000000, 9999999)}",
            f"+49 30 {chance.randint(100000, 999999)}",
            f"fe80::{chance.getrandbits(16):x}",
            f"npi{chance.getrandbits(24):06X}",
            f"printer{chance.randint(1, 9)}.town.example",
        )
    )


def sites(part: int = 0) -> Iterator[Site]:
    """Yield devices until all texts of this part are made."""
    chance = random.Random(SEED + part)
    for _ in range(math.ceil(TEXTS / PARTS / len(PLACES))):
        own_mac = f"{chance.getrandbits(48):012x}"
        short = chance.choice("qxzj") + "".join(chance.choices("qxzj7", k=chance.randint(1, 2)))
        name = chance.choice((short, f"PRN-{chance.getrandbits(20):05x}", f"zq{chance.getrandbits(16):x}.town.example"))
        device = {
            "key": "serial:ACME:1",
            "ip": f"192.0.2.{chance.randint(10, 254)}",
            "hostname": name,
            "mac": ":".join(own_mac[place : place + 2] for place in range(0, 12, 2)),
            "serial": number_like(chance),
            "firmware": number_like(chance),
        }
        site = Site(chance, device)
        site.fill(own_mac)
        yield site


def reading_of(site: Site) -> Reading:
    """Return the reading that has these texts."""
    texts, device = site.texts, site.device
    about = {name: texts[name] for name in ("manufacturer", "model", "description", "asset_number", "location")}
    numbers = {name: number_like(site.chance) for name in ("serial", "part_number")}
    misc = {"note": texts["misc"], "list": [1, texts["misc_list"]], "deep": {"er": [{"est": texts["misc_deep"]}]}}
    return Reading.model_validate(
        {
            "taken_at": datetime(2026, 11, 29, 10, tzinfo=UTC),
            "device": device | about,
            "status": {"console": [texts["console"]]},
            "alerts": [{"severity": "warning", "group": "other", "code": "jam", "description": texts["alert"]}],
            "meters": {"total": {"value": 7, "unit": "impressions", "source": texts["meter_source"]}},
            "supplies": [
                {"index": "1", "type": "toner", "class": "supplyThatIsConsumed", "description": texts["supply"]}
                | {"color": texts["supply_color"], "source": texts["supply_source"], **numbers}
            ],
            "trays": [{"index": "1", "name": texts["tray_name"], "media": texts["tray_media"]}],
            "misc": misc
            | {"named": {texts["misc_name"]: 1}, "wlan_state": texts["misc_state"], "network_mac": device["mac"]}
            | {"network_firmware": number_like(site.chance).replace(" ", "")},
            "reasons": {"device.color": texts["reason"]},
            "sources": {"device.color": texts["source"]},
        }
    )


def sent_by_reading(sent: Reading) -> dict[str, str]:
    """Return what stands where in a reading that is sent."""
    supply, tray = sent.supplies[0], sent.trays[0]
    device = {name: getattr(sent.device, name) for name in ("manufacturer", "model", "description", "asset_number", "location")}
    return device | {
        "console": sent.status.console[0],
        "alert": str(sent.alerts[0].description),
        "supply": str(supply.description),
        "supply_color": str(supply.color),
        "supply_source": supply.source,
        "tray_name": str(tray.name),
        "tray_media": str(tray.media),
        "meter_source": sent.meters["total"].source,
        "misc": sent.misc["note"],
        "misc_list": sent.misc["list"][1],
        "misc_deep": sent.misc["deep"]["er"][0]["est"],
        "misc_name": next(iter(sent.misc["named"])),
        "misc_state": sent.misc["wlan_state"],
        "reason": sent.reasons["device.color"],
        "source": sent.sources["device.color"],
    }


def sent_otherwise(site: Site, reading: Reading, masking: Masking) -> dict[str, str]:
    """Return what stands in an event, a check-in and a bundle that are sent."""
    texts = site.texts
    event = Event(
        id="01930000-0000-7000-8000-000000000001",
        at=reading.taken_at,
        kind="alert_raised",
        device="serial:ACME:1",
        text=texts["event"],
        detail={"description": texts["event"], "reason": {"told": [texts["event_reason"]]}},
    )
    told = masking.event(event, reading.device)
    assert told is not None
    scrubber = Scrubber([], masking)
    state = scrubber.value({"problems": [{"name": "store", "text": texts["check_in"]}], "update": {"log": texts["update_log"]}})
    return {
        "event": told.text + json.dumps(told.detail["description"], ensure_ascii=False),
        "event_reason": told.detail["reason"]["told"][0],
        "check_in": state["problems"][0]["text"],
        "update_log": state["update"]["log"],
        "bundle": scrubber.text(texts["bundle"]),
    }


def leaks_of(site: Site, sent: dict[str, str], kinds: frozenset[str]) -> list[str]:
    """Return what still tells a secret of these kinds, and where."""
    return [
        f"{place}: {one.written!r} of {site.texts[place]!r} in {text!r} ({site.device['hostname']})"
        for place, text in sent.items()
        for one in site.planted[place]
        if one.kind in kinds and one.leaks(plain(text))
    ]


@pytest.mark.parametrize("part", range(PARTS))
def test_nothing_that_is_masked_leaves_in_any_spelling_from_any_place(part: int) -> None:
    leaks: list[str] = []
    texts = 0
    known = KnownDevices(OTHERS)
    for number, site in enumerate(sites(part)):
        masking = Masking(SETTINGS[number % len(SETTINGS)], KEY, known)
        reading = reading_of(site)
        sent = masking.reading(reading)
        assert (sent.device.serial, sent.device.firmware) == (reading.device.serial, reading.device.firmware)
        assert [(one.serial, one.part_number) for one in sent.supplies] == [
            (one.serial, one.part_number) for one in reading.supplies
        ]
        assert {name: meter.value for name, meter in sent.meters.items()} == {"total": 7}
        everything = sent_by_reading(sent) | sent_otherwise(site, reading, masking)
        assert everything.keys() == set(PLACES)
        texts += len(everything)
        leaks += leaks_of(site, everything, frozenset(("ip", "mac", "host", "phone")))
        assert site.device["mac"] not in sent.to_json()
        assert sent.misc["network_firmware"] == reading.misc["network_firmware"]
    assert texts >= TEXTS / PARTS
    assert leaks[:5] == [], f"{len(leaks)} leaks"


@pytest.mark.parametrize(
    ("kind", "masks"),
    [
        ("ip", {"ip_address": "pseudonym", "phone_numbers": "send"}),
        ("mac", {"mac": "mask", "phone_numbers": "send"}),
        ("host", {"host_name": "mask", "phone_numbers": "send"}),
        ("phone", {"phone_numbers": "mask"}),
    ],
)
def test_each_mask_does_so_alone(kind: str, masks: dict[str, Any]) -> None:
    settings = PrivacySettings.model_validate(masks)
    leaks: list[str] = []
    for number, site in enumerate(sites()):
        if number == 300:
            break
        masking = Masking(settings, KEY, KnownDevices(OTHERS))
        reading = reading_of(site)
        sent = sent_by_reading(masking.reading(reading)) | sent_otherwise(site, reading, masking)
        leaks += leaks_of(site, sent, frozenset((kind,)))
    assert leaks[:5] == [], f"{len(leaks)} leaks"


def test_where_no_mask_is_on_every_text_leaves_as_it_is() -> None:
    masking = Masking(PrivacySettings(phone_numbers="send"), None, KnownDevices(OTHERS))
    for number, site in enumerate(sites()):
        if number == 100:
            break
        reading = reading_of(site)
        assert masking.reading(reading) is reading
        told = sent_otherwise(site, reading, masking)
        assert {place: told[place] for place in ("check_in", "update_log", "bundle")} == {
            place: site.texts[place] for place in ("check_in", "update_log", "bundle")
        }


@pytest.mark.parametrize("name", ["q", "7", "A4", "x7", "Printer"])
def test_a_device_may_be_called_anything_and_its_own_texts_do_not_tell(name: str) -> None:
    reading = Reading.model_validate(
        {
            "taken_at": datetime(2026, 11, 29, 10, tzinfo=UTC),
            "device": {"key": "serial:ACME:1", "hostname": name, "serial": "E1", "location": f"({name}) next to {name}.local"},
            "status": {"console": [f"{name}: ready"]},
            "misc": {"note": [f"at {name}"], "printer_name": name},
        }
    )
    sent = Masking(PrivacySettings(host_name="mask"), KEY).reading(reading)
    assert sent.device.location == "([masked at the site]) next to [masked at the site].local"
    assert sent.status.console == ("[masked at the site]: ready",)
    assert sent.misc == {"note": ["at [masked at the site]"], "printer_name": "[masked at the site]"}


def test_the_generated_spellings_are_leaks_where_nothing_is_masked() -> None:
    for number, site in enumerate(sites()):
        if number == 200:
            break
        planted = [(site.texts[place], one) for place in PLACES for one in site.planted[place]]
        unseen = [one.written for text, one in planted if not one.leaks(plain(text))]
        assert unseen == []
