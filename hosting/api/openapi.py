"""The document of the API (OpenAPI 3.1), made of the models that validate what comes in and of those of the answers.

`python -m hosting.api.openapi` prints it as it stands in `docs/protocol/openapi.json`: `make openapi`.
"""

import hashlib
import json
import sys
from collections.abc import Mapping
from functools import cache
from typing import Any, ClassVar

from pydantic import BaseModel
from pydantic.json_schema import models_json_schema

from appliance.report import Batch
from hosting.api import answers
from hosting.api.base import ApiHandler
from hosting.api.check_in import CheckIn
from hosting.api.queries import DevicesQuery, ListQuery, MetersQuery, SitesQuery
from hosting.api.sites import BUNDLE_TYPE, Enrolment
from hosting.db.tokens import Scope

Json = dict[str, Any]

REF = "#/components/schemas/{model}"
BODIES: tuple[type[BaseModel], ...] = (Enrolment, CheckIn, Batch)
ANSWERS: tuple[type[BaseModel], ...] = (
    *(answers.Enrolled, answers.CheckedIn, answers.BatchTaken, answers.BundleTaken, answers.Probe, answers.Error),
    *(answers.SitesPage, answers.DevicesPage, answers.MetersPage),
)
SIGNATURE = (
    "HTTP Message Signatures (RFC 9421), label `dca`, algorithm `ed25519`. Covered are `@method`, `@authority`, `@path`, "
    "`content-digest` (RFC 9530, sha-256 of the body as sent) and, where there is one, `content-encoding`. Parameters: `created`, "
    "within 300 s of the server's clock, `nonce`, 16 to 64 characters that are taken once, and `keyid`: the id of the site, at "
    "enrolment its public key itself (base64url without padding). The headers are `Signature`, `Signature-Input`, `Content-Digest`."
)
BEARER = (
    "A token of the console's page Tokens, or of `dca-hosting token create`. Its scopes are `read:sites`, `read:devices` and "
    "`read:meters`."
)
ABOUT = (
    "What sites send to a hosting server of the DCA appliance, and what programs of the provider read. Errors are "
    "`{error, message}`: a code for programs, a sentence for people. After 429 and 503 a client waits for as long as `Retry-After` "
    "says, which differs from answer to answer, so that not all come back at once. Members may be added to answers at any time."
)
SIGNED_FAULTS: Mapping[int, str] = {
    400: "The body is not understood: `not_json`, `bad_gzip`.",
    401: "The signature does not count: `bad_signature`, `unknown_site`, `replayed`, or `clock`, where the clocks differ.",
    413: "The body is too large: `too_large`.",
    415: "The type or encoding of the body is not one that is taken: `not_json`, `encoding`, `not_gzip`.",
    422: "The body does not fit its schema, and the path is named: `does_not_fit`.",
}
SITE_FAULTS: Mapping[int, str] = {403: "The site is turned away: `revoked`, `deactivated` or `expired`."}
LIST_FAULTS: Mapping[int, str] = {
    400: "A parameter is unknown, or is nothing that it can be: `not_understood`.",
    401: "There is no token that counts: `no_token`, `bad_token`, `token_expired`, `token_revoked`.",
    403: "The token does not have the scope that is needed: `scope_missing`.",
    406: "Neither JSON nor CSV would do: `not_acceptable`.",
}
WAITS: Mapping[int, str] = {
    429: "Too much at once from this site or address: `throttled`.",
    503: "The server cannot do it at the moment, and has kept nothing: `busy`, `database`, `internal`.",
}
STOPPED: Mapping[int, str] = {503: "It cannot: `not_ready`; or it was told to stop: `stopping`."}
OTHERWISE = (
    "Any other error: `not_found`, `method`, `not_understood`, `not_allowed` (403, the metrics), "
    "or `misdirected` (421) under a name that is not the server's."
)


def document(base_path: str = "") -> Json:
    """Return the document of a server that is below `base_path`."""
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "DCA hosting server",
            "version": "1",
            "description": ABOUT,
            "license": {"name": "Apache-2.0", "identifier": "Apache-2.0"},
        },
        "servers": [{"url": base_path or "/"}],
        "tags": [
            {"name": "sites", "description": "What the appliance of a site sends, signed by its own key."},
            {"name": "programs", "description": "What programs read, opened by a token."},
            {"name": "probes", "description": "For load balancers and engines."},
        ],
        "paths": _paths(),
        "components": {
            "schemas": _schemas(),
            "securitySchemes": {
                "signature": {"type": "http", "scheme": "Signature", "description": SIGNATURE},
                "token": {
                    "type": "http",
                    "scheme": "bearer",
                    "description": BEARER,
                },
            },
            "headers": _headers(),
        },
    }


def _schemas() -> Json:
    named: list[tuple[type[BaseModel], Any]] = [(model, "validation") for model in (*BODIES, *ANSWERS)]
    _, schemas = models_json_schema(named, ref_template=REF)
    found: Json = schemas["$defs"]
    return dict(sorted(found.items()))


def _headers() -> Json:
    text = {"type": "string"}
    return {
        "Retry-After": {"description": "Seconds.", "required": True, "schema": {"type": "integer", "minimum": 1}},
        "WWW-Authenticate": {"description": "How the request could be allowed.", "required": True, "schema": text},
        "ETag": {"description": "Of this page in this form. Give it back as `If-None-Match`.", "schema": text},
        "Link": {"description": 'The address of the next page, with `rel="next"`.', "schema": text},
    }


def _paths() -> Json:
    return _paths_of_sites() | _paths_of_programs() | _paths_of_everyone()


def _paths_of_sites() -> Json:
    return {
        "/api/v1/enrol": _signed(
            "enrol",
            "Register the key of a site with a one-time code",
            _json_body(Enrolment),
            {
                201: _answer("The site is enrolled.", answers.Enrolled),
                200: _answer("It was already, with this code and key.", answers.Enrolled),
            },
            {403: "The code is wrong, has expired, or was used: `code_invalid`.", 409: "The root is not known: `root_unknown`."},
        ),
        "/api/v1/checkin": _signed(
            "checkIn",
            "Say how the site is, and be told what to do",
            _json_body(CheckIn),
            {200: _answer("What the site is to do.", answers.CheckedIn)},
            SITE_FAULTS,
        ),
        "/api/v1/readings": _signed(
            "sendReadings",
            "Send a batch of readings, changes and events; the same one again adds nothing",
            _json_body(Batch),
            {200: _answer("The batch is kept.", answers.BatchTaken)},
            {**SITE_FAULTS, 409: "The id of the batch stands for other content: `batch_conflict`. Nothing of it was kept."},
        ),
        "/api/v1/support-bundle": _signed(
            "sendSupportBundle",
            "Send a support bundle",
            {"required": True, "content": {BUNDLE_TYPE: {"schema": {"type": "string", "contentMediaType": BUNDLE_TYPE}}}},
            {200: _answer("The bundle is kept.", answers.BundleTaken)},
            SITE_FAULTS,
        ),
    }


def _paths_of_programs() -> Json:
    return {
        "/api/v1/sites": _list("listSites", "The sites, by their ids", "read:sites", SitesQuery, answers.SitesPage),
        "/api/v1/devices": _list(
            "listDevices", "The newest reading of each device, by site and key", "read:devices", DevicesQuery, answers.DevicesPage
        ),
        "/api/v1/meters": _list(
            "listMeters",
            "The meters of each device at the end of each day that is over, by site, key and day",
            "read:meters",
            MetersQuery,
            answers.MetersPage,
        ),
        "/api/v1/meters/newest": _list(
            "listNewestMeters",
            "The meters of each device as read last, by site and key",
            "read:meters",
            DevicesQuery,
            answers.MetersPage,
        ),
    }


def _paths_of_everyone() -> Json:
    return {
        "/api/v1/openapi.json": _open(
            "describe", "This document", {"content": {"application/json": {"schema": {"type": "object"}}}}
        ),
        "/livez": _open("isAlive", "Whether the process answers", _content(answers.Probe)),
        "/readyz": _open(
            "isReady",
            "Whether the server can keep what is sent",
            _content(answers.Probe),
            STOPPED,
        ),
    }


def _signed(name: str, summary: str, body: Json, done: Mapping[int, Json], faults: Mapping[int, str]) -> Json:
    encoding = {
        "name": "Content-Encoding",
        "in": "header",
        "description": "Of a JSON body.",
        "schema": {"type": "string", "enum": ["gzip", "identity"]},
    }
    parameters = [] if BUNDLE_TYPE in body["content"] else [encoding]
    return {
        "post": {
            "operationId": name,
            "summary": summary,
            "tags": ["sites"],
            "security": [{"signature": []}],
            "parameters": parameters,
            "requestBody": body,
            "responses": {**{str(status): told for status, told in done.items()}, **_faults({**SIGNED_FAULTS, **faults, **WAITS})},
        }
    }


def _list(name: str, summary: str, scope: Scope, query: type[ListQuery], page: type[BaseModel]) -> Json:
    headers = {header: {"$ref": f"#/components/headers/{header}"} for header in ("ETag", "Link")}
    content = {**_content(page)["content"], "text/csv": {"schema": {"type": "string"}}}
    text = {"type": "string"}
    known = {"name": "If-None-Match", "in": "header", "description": "The ETag of the page as it is known.", "schema": text}
    described = f"Needs the scope `{scope}`. As CSV without `limit` it is the whole list, sent in parts and without an ETag."
    page_told = "A page, which may have fewer rows than `limit` and still a next one."
    return {
        "get": {
            "operationId": name,
            "summary": summary,
            "description": described,
            "tags": ["programs"],
            "security": [{"token": []}],
            "parameters": [*_parameters(query), known],
            "responses": {
                "200": {"description": page_told, "headers": headers, "content": content},
                "304": {"description": "The page is the one of `If-None-Match`.", "headers": {"ETag": headers["ETag"]}},
                **_faults({**LIST_FAULTS, **WAITS}),
            },
        }
    }


def _open(name: str, summary: str, content: Json, faults: Mapping[int, str] | None = None) -> Json:
    done = {"200": {"description": f"{summary}.", **content}}
    answered = {**done, **_faults(faults or {})}
    return {"get": {"operationId": name, "summary": summary, "tags": ["probes"], "security": [], "responses": answered}}


def _parameters(query: type[ListQuery]) -> list[Json]:
    found = []
    for name, schema in query.model_json_schema()["properties"].items():
        # A parameter that is left out is not there: null is what stands for it within.
        [value] = [one for one in schema["anyOf"] if one.get("type") != "null"]
        found.append({"name": name, "in": "query", "description": schema["description"], "schema": value})
    return found


def _json_body(model: type[BaseModel]) -> Json:
    return {"required": True, **_content(model)}


def _answer(description: str, model: type[BaseModel]) -> Json:
    return {"description": description, **_content(model)}


def _content(model: type[BaseModel]) -> Json:
    return _json({"$ref": REF.format(model=model.__name__)})


def _json(schema: Json) -> Json:
    return {"content": {"application/json": {"schema": schema}}}


def _faults(told: Mapping[int, str]) -> Json:
    found: Json = {}
    for status, description in sorted(told.items()):
        names = {401: ("WWW-Authenticate",), 429: ("Retry-After",), 503: ("Retry-After",)}.get(status, ())
        headers = {name: {"$ref": f"#/components/headers/{name}"} for name in names}
        found[str(status)] = {**_answer(description, answers.Error), **({"headers": headers} if headers else {})}
    return {**found, "default": _answer(OTHERWISE, answers.Error)}


@cache
def _served(base_path: str) -> tuple[bytes, str]:
    content = json.dumps(document(base_path), ensure_ascii=False, separators=(",", ":")).encode()
    return content, f'W/"{hashlib.sha256(content).hexdigest()[:32]}"'


class OpenApiHandler(ApiHandler):
    """`GET /api/v1/openapi.json`, for everyone: nothing in it is secret."""

    SUPPORTED_METHODS: ClassVar[tuple[str, ...]] = ("GET",)  # type: ignore[misc]

    async def get(self) -> None:
        """Answer the document."""
        content, etag = _served(self.config.base_path)
        self.set_header("Cache-Control", "no-cache")
        self.set_header("Etag", etag)
        if self.check_etag_header():
            self.set_status(304)
            self.finish()
            return
        self.answer_json(content)


if __name__ == "__main__":
    json.dump(document(), sys.stdout, indent=1, ensure_ascii=False)
    print()
