"""A Tornado application under a base path, whose forms cannot be sent by other sites."""

from collections.abc import Sequence
from typing import Any

from tornado import httputil
from tornado.web import Application, RequestHandler

from web.handler import StaticFiles
from web.proxies import Proxies


class WebApplication(Application):
    """A web interface, at the root of its address and under the base path, whether a proxy takes the prefix off or not."""

    def __init__(
        self,
        routes: Sequence[tuple[str, type[RequestHandler]]],
        *,
        base_path: str,
        proxies: Proxies,
        xsrf_cookie_name: str,
        server_name: str | None = None,
        **settings: Any,
    ) -> None:
        """`xsrf_cookie_name` is of this interface alone: cookies are not bound to a port, and others may run on the host."""
        self.base_path = base_path
        super().__init__(
            list(routes),
            proxies=proxies,
            server_name=server_name,
            static_handler_class=StaticFiles,
            xsrf_cookies=True,
            xsrf_cookie_name=xsrf_cookie_name,
            cross_origin_protection=True,
            compress_response=True,
            **settings,
        )

    def find_handler(self, request: httputil.HTTPServerRequest, **kwargs: Any) -> Any:
        """Return the handler of the request, the base path taken off its path."""
        base = self.base_path
        if base and (request.path == base or request.path.startswith(f"{base}/")):
            request.path = request.path.removeprefix(base) or "/"
        return super().find_handler(request, **kwargs)
