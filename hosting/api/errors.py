"""An error of the API: its HTTP status, a code for programs, a sentence for people."""


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
