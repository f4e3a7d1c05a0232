"""An error of the API: its HTTP status, a code for programs, a sentence for people."""

import secrets


class ApiError(Exception):
    """Answered as `{"error": code, "message": sentence}`."""

    def __init__(self, status: int, code: str, message: str, *, retry_after: int | None = None) -> None:
        super().__init__(message)
        self.status = status
        self.code = code
        self.message = message
        self.retry_after = retry_after


def unauthorized(code: str, message: str) -> ApiError:
    """Return a 401."""
    return ApiError(401, code, message)


def throttled(message: str, wait: int) -> ApiError:
    """Return the 429 for whoever asks more often than it may, and may again after `wait` seconds: another time for each."""
    return ApiError(429, "throttled", message, retry_after=wait + secrets.randbelow(2 + wait // 4))


def replayed() -> ApiError:
    """Return the 401 for a nonce that its site has used before."""
    return unauthorized("replayed", "This very request has been answered before. Sign each request anew.")


def retry_after_fault() -> int:
    """Return after how many seconds a client may ask again where this server failed: another time for each, not all at once."""
    return 15 + secrets.randbelow(30)


def retry_after_busy() -> int:
    """Return after how many seconds a client may ask again where there was too much to do at once: another time for each."""
    return 2 + secrets.randbelow(5)
