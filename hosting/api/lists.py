"""Base of what programs read page by page, as JSON or CSV, with an ETag. A whole list as CSV is sent with one page in memory."""

import hashlib
import json
from collections.abc import Callable, Sequence
from typing import Any, ClassVar, Generic, TypeVar
from urllib.parse import urlencode

import structlog
from tornado.iostream import StreamClosedError

from hosting.api import csv_text
from hosting.api.base import TokenHandler
from hosting.api.csv_text import Cell
from hosting.api.errors import ApiError
from hosting.api.queries import MOST, ListQuery, after_of, cursor, parse_query
from hosting.db.connection.database import Connection
from hosting.db.export import Key, Page

Query = TypeVar("Query", bound=ListQuery)
Row = TypeVar("Row")

JSON, CSV = "application/json", "text/csv"


def negotiated(accept: str) -> str | None:
    """Return which of JSON and CSV a header Accept prefers (RFC 9110, 12.5.1), JSON where it does not care; None: neither."""
    best: tuple[float, str | None] = (0.0, None)
    for kind in (JSON, CSV):
        weight = _weight(accept, kind)
        if weight > best[0]:
            best = (weight, kind)
    return best[1]


def _weight(accept: str, kind: str) -> float:
    """Return the weight of the most specific range that fits; without a header everything is welcome."""
    if not accept.strip():
        return 1.0
    found = (-1, 0.0)
    for part in accept.split(","):
        span, *parameters = (word.strip().lower() for word in part.split(";"))
        precise = {kind: 2, f"{kind.split('/', maxsplit=1)[0]}/*": 1, "*/*": 0}.get(span, -1)
        if precise > found[0]:
            found = (precise, _q(parameters))
    return found[1]


def _q(parameters: Sequence[str]) -> float:
    for parameter in parameters:
        name, _, value = parameter.partition("=")
        if name.strip() == "q":
            try:
                return min(1.0, max(0.0, float(value)))
            except ValueError:
                return 0.0
    return 1.0


class ListHandler(TokenHandler, Generic[Query, Row]):
    """A GET of a list. A subclass says what can be asked, how rows are found, and how one is written in either form."""

    query: ClassVar[type[ListQuery]]
    name: ClassVar[str]
    """Of the list in the JSON, and of the file as CSV."""
    parts: ClassVar[int]
    """Of the key."""
    columns: ClassVar[Sequence[str]]

    def find(self, connection: Connection, query: Query, after: Key | None, limit: int) -> Page[Row]:
        """Return a page. Runs on a thread."""
        raise NotImplementedError

    def as_json(self, row: Row) -> bytes:
        """Return a row as JSON. Runs on a thread."""
        raise NotImplementedError

    def as_cells(self, row: Row) -> Sequence[Cell]:
        """Return the cells of a row in the order of `columns`. Runs on a thread."""
        raise NotImplementedError

    async def get(self) -> None:
        """Answer a page; where CSV is asked for without a limit, the whole list."""
        self.set_header("Vary", "Accept, Authorization")
        self.set_header("Cache-Control", "private, no-cache")
        kind = negotiated(self.request.headers.get("Accept", ""))
        if kind is None:
            raise ApiError(406, "not_acceptable", f"This can be had as {JSON} and as {CSV}.")
        query: Any = parse_query(self.query, self.request.query_arguments)
        after = after_of(query, self.parts)
        if kind == CSV:
            self.set_header("Content-Disposition", f'attachment; filename="{self.name}.csv"')
            if query.limit is None:
                await self._stream(query, after)
                return
        content, following = await self._page(query, after, self._in_csv if kind == CSV else self._in_json)
        if following is not None:
            self.set_header("Link", f'<{self._following(following)}>; rel="next"')
        self.set_header("Etag", f'W/"{hashlib.sha256(content).hexdigest()[:32]}"')
        self.set_header("Content-Type", f"{CSV}; charset=utf-8; header=present" if kind == CSV else JSON)
        if self.check_etag_header():
            self.set_status(304)
            self.finish()
            return
        self.finish(content)

    async def _page(self, query: Query, after: Key | None, write: Callable[[Page[Row]], bytes]) -> tuple[bytes, Key | None]:
        """Return a page as it is sent, and behind which key the next one begins."""

        def work(connection: Connection) -> tuple[bytes, Key | None]:
            page = self.find(connection, query, after, query.limit or MOST)
            return write(page), page.following

        return await self.services.pages.read(work)

    def _in_json(self, page: Page[Row]) -> bytes:
        rows = b",".join(self.as_json(row) for row in page.rows)
        following = json.dumps(cursor(page.following) if page.following else None).encode()
        return b'{"%s":[%s],"next":%s}' % (self.name.encode(), rows, following)

    def _in_csv(self, page: Page[Row]) -> bytes:
        return csv_text.lines([self.columns, *(self.as_cells(row) for row in page.rows)])

    async def _stream(self, query: Query, after: Key | None) -> None:
        """Send the whole list; where it breaks off, so does the connection: no part of it looks like the whole."""
        self.set_header("Content-Type", f"{CSV}; charset=utf-8; header=present")
        content, following = await self._page(query, after, self._in_csv)
        try:
            self.write(content)
            while following is not None:
                await self.flush()
                content, following = await self._page(
                    query, following, lambda page: csv_text.lines(self.as_cells(row) for row in page.rows)
                )
                self.write(content)
            self.finish()
        except StreamClosedError:
            return
        except Exception as error:  # noqa: BLE001 - whatever it is, the answer has begun and must not be ended as if it were whole
            structlog.get_logger().error("a list broke off", path=self.request.path, reason=str(error), **self.log_fields())
            self.request.connection.stream.close()  # type: ignore[union-attr]

    def _following(self, key: Key) -> str:
        told = [(name, values[0]) for name, values in self.request.query_arguments.items() if name != "after"]
        return f"{self.config.base_path}{self.request.path}?{urlencode([*told, ('after', cursor(key))])}"
