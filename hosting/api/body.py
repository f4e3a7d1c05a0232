"""The body of a request: decoded within a limit, read as JSON that fits its model."""

import zlib
from typing import TypeVar

from pydantic import BaseModel, ValidationError
from tornado.httputil import HTTPHeaders

from hosting.api.errors import ApiError

Model = TypeVar("Model", bound=BaseModel)

PATHS_SHOWN = 3


def decode(body: bytes, headers: HTTPHeaders, limit: int) -> bytes:
    """Return the JSON bytes of a body. Raises ApiError 415 for other types and encodings, 413 above `limit` bytes, 400."""
    kind = headers.get("Content-Type", "").partition(";")[0].strip().lower()
    if kind != "application/json":
        raise ApiError(415, "not_json", "Send the body as Content-Type: application/json.")
    encoding = headers.get("Content-Encoding", "identity").strip().lower()
    if encoding == "identity":
        return body
    if encoding != "gzip":
        raise ApiError(415, "encoding", f"The content encoding {encoding[:40]!r} is not supported. Use gzip, or none.")
    return _gunzip(body, limit)


def _gunzip(body: bytes, limit: int) -> bytes:
    """Never holds more than `limit` bytes, whatever the compressed data promises to become."""
    stream = zlib.decompressobj(wbits=31)
    try:
        decoded = stream.decompress(body, limit + 1)
    except zlib.error as error:
        raise ApiError(400, "bad_gzip", "The body is not valid gzip data.") from error
    if len(decoded) > limit:
        raise too_large(limit)
    if not stream.eof or stream.unused_data:
        raise ApiError(400, "bad_gzip", "The gzip data of the body is cut short or followed by something else.")
    return decoded


def too_large(limit: int) -> ApiError:
    """Return the 413 that names the limit."""
    return ApiError(413, "too_large", f"The body is larger than {limit // 1024} KiB. Send less at once.")


def parse(model: type[Model], content: bytes) -> Model:
    """Return the body as `model`. Raises ApiError 400 when it is no JSON, 422 naming the path of what does not fit."""
    try:
        return model.model_validate_json(content)
    except ValidationError as error:
        faults = error.errors(include_url=False, include_context=False, include_input=False)
        if faults[0]["type"] == "json_invalid":
            raise ApiError(400, "not_json", "The body is not valid JSON.") from error
        named = [f"{'.'.join(map(str, fault['loc'])) or 'the body'}: {fault['msg']}" for fault in faults[:PATHS_SHOWN]]
        more = f" (and {len(faults) - PATHS_SHOWN} more)" if len(faults) > PATHS_SHOWN else ""
        raise ApiError(422, "does_not_fit", f"{'; '.join(named)}{more}.") from error
