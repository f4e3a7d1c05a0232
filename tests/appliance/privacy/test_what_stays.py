"""What only looks like an address, a host name or a phone number stays, however many spellings of those are known."""

import pytest

from appliance.privacy.outgoing import Masking
from appliance.settings.model import PrivacySettings
from tests.appliance.privacy.samples import KEY


@pytest.mark.parametrize(
    "text",
    [
        "10:00:00-11:30:00",
        "22-11-26 10:20:30",
        "Error 10-11-12-13",
        "Jam 172-3-4-5",
        "Part 192-3330-001",
        "10,20,30,40,50,60",
        "Firmware 10.00.01.05",
        "OS 01.01.15.47",
        "Engine 05.09.00.12",
        "Serial 0011AABBCCDD0011AABBCCDD0011AABB",
        "Drum 0011AABBCCDD",
        "std::string",
        "abc::def",
        "Ethernet 10/100",
        "LAN 100",
        "DNS error",
        "DNS server unreachable",
        "Hostname not found",
        "Host name resolution failed",
        "Host (none)",
        "Server <offline>",
        "server [1]",
        "Total 138 001 800",
        "Fax pages 123456",
        "2026-11-29 - 10:00",
    ],
)
def test_it_stays(text: str) -> None:
    masking = Masking(PrivacySettings(ip_address="pseudonym", host_name="mask", mac="mask"), KEY)
    assert masking.text(text) == text


@pytest.mark.parametrize(
    "text",
    [
        "hostname:  prn-fin-01",
        "Printer name  : prn-fin-01",
        "Hostname PRN-FIN-01",
        "Hostname is prn-fin-01",
        "hostname->prn-fin-01",
        "DNS server dc01",
        "//filesrv01/scan",
        "ホスト名:prn-fin-01",
        "主机名：prn-fin-01",  # noqa: RUF001 - the colon that stands there
        "Lost 192.168.001.05",
        "Lost 10.00.01.05",
        "Lost 192-168-1-20",
        "ip-10-0-0-5",
        "IPv6 fdab::cafe",
        "IPv6 20010db8000000000000000000000001",
        "2001-0db8-0000-0000-0000-0000-0000-0001",
        "LAN 001122AABBCC",
        "ether 001122aabbcc",
        "00:11:22-33:44:55",
        "00 : 11 : 22 : 33 : 44 : 55",
        "Adresse physique : 001122AABBCC",
        "物理地址 001122AABBCC",
    ],
)
def test_it_is_masked(text: str) -> None:
    masking = Masking(PrivacySettings(ip_address="pseudonym", host_name="mask", mac="mask"), KEY)
    assert masking.text(text) != text
