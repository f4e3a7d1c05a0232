"""How addresses, ranges, networks and host names are written in settings, and in which form they are kept. Pure."""

import ipaddress
import re

from appliance.common.message import Message

HOST_NAME = re.compile(r"^(?=.{1,253}$)[A-Za-z0-9_](?:[A-Za-z0-9_-]{0,62})(?:\.[A-Za-z0-9_](?:[A-Za-z0-9_-]{0,62}))*\.?$")


def check_target(text: str) -> str:
    """Return the target in canonical form: `10.0.0.0/24`, `10.0.0.1-10.0.0.20`, `10.0.0.7`, `2001:db8::/120` or a host name.

    Raises ValueError with a sentence that names the target and what is accepted.
    """
    target = text.strip()
    first, dash, last = target.partition("-")
    try:
        if "/" in target:
            return str(ipaddress.ip_network(target, strict=False))
        if dash and _is_address(first):
            low, high = ipaddress.ip_address(first.strip()), ipaddress.ip_address(_complete(first, last))
            if low.version != high.version or int(low) > int(high):
                raise ValueError(
                    Message(
                        "%(target)s is no range: the last address must follow the first. Write a network (10.0.0.0/24), a range "
                        "(10.0.0.1-10.0.0.20), an address or a host name.",
                        target=repr(target),
                    )
                )
            return f"{low}-{high}"
        if _is_address(target):
            return str(ipaddress.ip_address(target))
    except ValueError as error:
        if "is no range" in str(error):
            raise
        raise _no_target(target) from error
    if HOST_NAME.match(target) and not re.fullmatch(r"[0-9.\-]+", target):
        return target.lower()
    raise _no_target(target)


def _no_target(target: str) -> ValueError:
    return ValueError(
        Message(
            "%(target)s is no range of addresses. Write a network (10.0.0.0/24), a range (10.0.0.1-10.0.0.20), an address or a "
            "host name.",
            target=repr(target),
        )
    )


def _is_address(text: str) -> bool:
    try:
        ipaddress.ip_address(text.strip())
    except ValueError:
        return False
    return True


def _complete(first: str, last: str) -> str:
    """Return the last address of `10.0.0.1-20`, where only its final number is written."""
    tail = last.strip()
    return f"{first.strip().rpartition('.')[0]}.{tail}" if tail.isdigit() and "." in first else tail


def span(target: str) -> tuple[tuple[int, int], tuple[int, int]] | None:
    """Return first and last address of a canonical target, each as IP version and number; None for a host name."""
    first, _, last = target.partition("-")
    try:
        if "/" in target:
            network = ipaddress.ip_network(target)
            return (network.version, int(network[0])), (network.version, int(network[-1]))
        low = ipaddress.ip_address(first)
        high = ipaddress.ip_address(last) if last else low
    except ValueError:
        return None
    return (low.version, int(low)), (high.version, int(high))


def check_range(text: str) -> str:
    """Return a network, range or address in canonical form. Raises ValueError, also for a host name."""
    target = check_target(text)
    if span(target) is None:
        raise ValueError(
            Message(
                "%(target)s is no range of addresses. Write a network (10.0.0.0/24), a range (10.0.0.1-10.0.0.20) or an address.",
                target=repr(text),
            )
        )
    return target
