"""Meters of vendors whose tables are found by label or kind, and sums of what they count apart."""

import pytest

from tests.appliance.definitions.device import LIFE_COUNT, Content, Device, P, meters, of, read

RICOH, CANON, SHARP = f"{P}.367.3.2.1.2.19.5.1", f"{P}.1602.1.11.2.1.1", f"{P}.2385.1.1.19.2.1"
KYOCERA = f"{P}.1347.42.2.5.1.1"


def rows(counts: dict[str, int], *, label: str, value: str, first: int = 1) -> Device:
    """Return the rows of a table of labels and values."""
    device: dict[str, Content] = {}
    for row, (text, count) in enumerate(counts.items(), first):
        device |= {f"{label}.{row}": text, f"{value}.{row}": count}
    return device


# Ricoh


def ricoh(counts: dict[str, int]) -> Device:
    return of("367.1.1", rows(counts, label=f"{RICOH}.5", value=f"{RICOH}.9"))


@pytest.mark.parametrize("function", ["Print", "Copy"])
@pytest.mark.parametrize(
    ("parts", "color"),
    [
        ({"Single Color": 7, "Two-color": 3, "Full Color": 30}, 40),
        ({"Single/Two-color": 9, "Full Color": 30}, 39),
        ({"Two-color": 3, "Full Color": 30}, 33),
        ({"Single Color": 7, "Full Color": 30}, 37),
        ({"Twin Color": 4, "Single Color": 7, "Full Color": 30}, 41),
        ({"Full Color": 30}, None),
    ],
)
def test_what_ricoh_counts_apart_is_summed(function: str, parts: dict[str, int], color: int | None) -> None:
    name = f"{function.lower()}_color"
    reading = read(ricoh({f"Counter: {function}: {text}": count for text, count in parts.items()}))
    assert (reading.meters[name].value if name in reading.meters else None) == color
    if color is not None:
        assert reading.meters[name].source.count("ricohEngineCounter") == len(parts)
    else:
        assert f"meters.{name}" in reading.reasons


# Kyocera


def test_kyocera_counts_one_and_two_sided_and_pages_a_side() -> None:
    reading = read(of("1347.41", {f"{KYOCERA}.{kind}.1": count for kind, count in enumerate((60, 40, 90, 8, 2), 1)}))
    assert {name: (each.value, each.unit) for name, each in reading.meters.items()} == {
        "simplex": (60, "impressions"),
        "duplex": (40, "impressions"),
    }
    assert {name: reading.misc[name] for name in ("impressions_1_up", "impressions_2_up", "impressions_4_up")} == {
        "impressions_1_up": 90,
        "impressions_2_up": 8,
        "impressions_4_up": 2,
    }


# Canon


@pytest.mark.parametrize(
    ("label", "name"),
    [
        ("Copy (Total 1)", "copy_total"),
        ("201: Copy (Total 1)", "copy_total"),
        ("Copy (Black 1)", "copy_mono"),
        ("Copy (Full Color + Single Color/Large)", "copy_large_color"),
        ("Print (Total 1)", "print_total"),
        ("Print (Black & White/Small)", "print_small_mono"),
        ("Total (Black 1)", "total_mono"),
        ("Total (Black/Large)", "large_mono"),
        ("Total (Full Color + Single Color/Small)", "small_color"),
        ("Total (Large)", "large_total"),
        ("Scan (Total 1)", "scan_total"),
        ("Color Scan (Total 1)", "scan_color"),
    ],
)
def test_a_label_of_canon_is_a_meter(label: str, name: str) -> None:
    assert meters(of("1602.4.7", rows({label: 354}, label=f"{CANON}.2", value=f"{CANON}.3"))) == {name: 354}


def test_labels_of_canon_that_begin_alike_are_told_apart() -> None:
    counts = {
        "Total 1": 1000,
        "Total 2": 1100,
        "Total (Black 1)": 600,
        "Total (Black 2)": 650,
        "Total (Black/Large)": 50,
        "Total (Black/Small)": 550,
        "Copy (Total 1)": 300,
        "Copy (Total 2)": 310,
        "Copy A (Total 1)": 5,
        "Print (Total 1)": 700,
    }
    found = meters(of("1602.4.7", {LIFE_COUNT: 1000, **rows(counts, label=f"{CANON}.2", value=f"{CANON}.3", first=17)}))
    assert found == {
        "total": 1000,
        "total_2": 1100,
        "total_mono": 600,
        "large_mono": 50,
        "small_mono": 550,
        "copy_total": 300,
        "print_total": 700,
    }


def test_large_and_small_of_canon_are_a_sum() -> None:
    counts = {f"Copy (Full Color + Single Color/{size})": count for size, count in (("Large", 4), ("Small", 36))}
    assert meters(of("1602.4.7", rows(counts, label=f"{CANON}.2", value=f"{CANON}.3")))["copy_color"] == 40


def test_canon_counts_copies_by_code_as_well() -> None:
    assert meters(of("1602.4.7", {f"{P}.1602.1.11.1.3.1.4.201": 12})) == {"copy_total": 12}


# Sharp


@pytest.mark.parametrize(
    ("counts", "total"),
    [
        ({"Scan to E-mail/FTP": 130}, 130),
        ({"Scan to E-mail/FTP": 130, "Scan to HDD": 6}, 136),
        ({"Black & White Scanner Count": 60, "Full Color Scanner Count": 70}, 130),
        ({"Black & White Scanner Count": 60, "Full Color Scanner Count": 70, "Scan to HDD": 6}, 136),
        ({"Scan to E-mail/FTP": 130, "Black & White Scan to HDD Count": 4, "Full Color Scan to HDD Count": 2}, 136),
        ({"Black & White Scanner Count": 60}, None),
        ({"Scan to HDD": 6}, None),
    ],
)
def test_the_scans_of_sharp_are_the_sum_of_what_it_counts(counts: dict[str, int], total: int | None) -> None:
    device = of("2385.3.1.112", rows(counts, label=f"{SHARP}.4.7.4", value=f"{SHARP}.3.7.4"))
    assert meters(device).get("scan_total") == total


@pytest.mark.parametrize(
    ("counts", "total"),
    [
        ({"Black & White Copy Count": 5, "Full Color Copy Count": 7, "Single Color Copy Count": 1}, ("copy_total", 13)),
        ({"Black & White Copy Count": 5, "Full Color Copy Count": 7}, ("copy_total", 12)),
        ({"Black & White Print Count": 5, "Full Color Print Count": 7}, ("print_total", 12)),
        ({"Prints": 13, "Black & White Print Count": 5, "Full Color Print Count": 7}, ("print_total", 13)),
    ],
)
def test_other_totals_of_sharp_are_sums_where_they_are_withheld(counts: dict[str, int], total: tuple[str, int]) -> None:
    found = meters(of("2385.3.1.112", rows(counts, label=f"{SHARP}.4.7.4", value=f"{SHARP}.3.7.4")))
    assert found[total[0]] == total[1]
