"""Where numbers that are known stand in a text. Pure."""

from collections.abc import Iterable, Iterator

from appliance.privacy.look_alikes import searched

Span = tuple[int, int]


def spans_of(known: Iterable[str], seen: str) -> Iterator[Span]:
    """Yield where known numbers stand in a text, as it is searched; not as a part of a longer number or word."""
    for value in known:
        plain = searched(value).text
        begin = seen.find(plain) if plain else -1
        while begin >= 0:
            end = begin + len(plain)
            if not (seen[max(0, begin - 1) : begin].isalnum() and plain[0].isalnum()) and not (
                seen[end : end + 1].isalnum() and plain[-1].isalnum()
            ):
                yield begin, end
            begin = seen.find(plain, begin + 1)


def within(begin: int, end: int, spans: Iterable[Span], *, besides: int = 0) -> bool:
    """Return whether what was found belongs to one of the numbers: all of it, but for as many characters `besides`."""
    return any(begin < last and first < end and max(0, first - begin) + max(0, end - last) <= besides for first, last in spans)
