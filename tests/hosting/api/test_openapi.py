"""The document of the API: valid, as it is served and written down, with all that the server has, and answers are as it says."""

import gzip
import json
import re
from copy import deepcopy
from typing import Any

import pytest
from openapi_schema_validator import OAS31Validator
from openapi_spec_validator import OpenAPIV31SpecValidator
from openapi_spec_validator.validation.exceptions import OpenAPIValidationError
from referencing.exceptions import Unresolvable

from appliance.report.changes import state_digest
from hosting.api.openapi import document
from hosting.api.routes import API_ROUTES
from hosting.db import tokens
from hosting.db.tokens import Maker, NewToken
from tests.conftest import ROOT
from tests.hosting.api.test_lists import METERS, Program
from tests.hosting.batches import batch, batch_id, reading
from tests.hosting.conftest import StartServer
from tests.hosting.history.days import KEY, NOON, hourly, keep, roll_up
from tests.hosting.running import Answer, RunningServer
from tests.hosting.site import Site

WRITTEN = ROOT / "docs" / "protocol" / "openapi.json"
CODE = re.compile(r'(?:ApiError\(\d+|unauthorized\(|super\(\).__init__\(\d+), *"(\w+)"|unauthorized\("(\w+)"')


def test_the_document_is_openapi() -> None:
    assert list(OpenAPIV31SpecValidator(document()).iter_errors()) == []


@pytest.mark.parametrize("fault", ["no title", "no such schema", "a parameter twice"])
def test_a_document_that_is_none_is_found_out(fault: str) -> None:
    wrong = deepcopy(document())
    listing = wrong["paths"]["/api/v1/sites"]["get"]
    if fault == "no title":
        del wrong["info"]["title"]
    elif fault == "no such schema":
        listing["responses"]["400"]["content"]["application/json"]["schema"]["$ref"] = "#/components/schemas/Nothing"
    else:
        listing["parameters"].append(listing["parameters"][0])
    with pytest.raises((OpenAPIValidationError, Unresolvable)):
        OpenAPIV31SpecValidator(wrong).validate()


def test_the_document_that_is_written_down_is_this_one() -> None:
    assert json.loads(WRITTEN.read_text()) == document(), "run: make openapi"


def test_it_is_served_to_everyone_with_the_path_of_the_server(start_server: StartServer) -> None:
    server = start_server(public_urls=("https://mps.example/dca",))
    answer = server.request("GET", "/dca/api/v1/openapi.json")
    assert answer.json() == document("/dca")
    assert answer.json()["servers"] == [{"url": "/dca"}]
    again = server.request("GET", "/api/v1/openapi.json", headers={"If-None-Match": answer.headers["Etag"]})
    assert again.status == 304


def test_it_has_every_address_of_the_api() -> None:
    routes = {path.replace("\\", "") for path, _ in API_ROUTES if path.startswith("/api/v1/")} | {"/livez", "/readyz"}
    assert document()["paths"].keys() == routes


def test_it_names_every_error_there_is() -> None:
    sources = [*(ROOT / "hosting" / "api").glob("*.py"), ROOT / "hosting" / "misdirected.py"]
    codes = {code for source in sources for found in CODE.findall(source.read_text()) for code in found if code}
    assert len(codes) > 20
    text = json.dumps(document())
    assert {code for code in codes if f"`{code}`" not in text} == set()


class Documented:
    """Holds answers against the document, in which no member may be that it does not name."""

    def __init__(self) -> None:
        self.document = deepcopy(document())
        for schema in self.document["components"]["schemas"].values():
            if schema.get("additionalProperties") is True:
                schema["additionalProperties"] = False

    def hold(self, answer: Answer, method: str, path: str) -> Any:
        """Return the JSON of an answer that is as documented."""
        responses = self.document["paths"][path][method]["responses"]
        told = responses[str(answer.status)]
        assert {name for name in told.get("headers", {}) if name not in ("ETag", "Link")} <= answer.headers.keys()
        content = told["content"][answer.headers["Content-Type"].split(";")[0]]
        OAS31Validator({**content["schema"], "components": self.document["components"]}).validate(answer.json())
        return answer.json()


def test_answers_to_sites_are_as_documented(server: RunningServer) -> None:
    documented, site = Documented(), Site(server)
    wanted = site.enrolment(server.code())
    for _ in range(2):
        answer = site.send("/api/v1/enrol", wanted, key_id=site.public_key)
        site.site_id = documented.hold(answer, "post", "/api/v1/enrol")["site_id"]
    state = {"devices": {"known": 1}}
    assert documented.hold(site.check_in(state), "post", "/api/v1/checkin")["state_digest"] == state_digest(state)
    unknown = site.send("/api/v1/checkin", {"unchanged": "other"})
    assert documented.hold(unknown, "post", "/api/v1/checkin")["state_needed"]
    change = {"device": KEY, "base": "2026-03-10T12:00:00Z", "digest": "AAAAAAAA", "patch": {}}
    told = documented.hold(site.upload(batch(reading()) | {"changes": [change]}), "post", "/api/v1/readings")
    assert told["needed"] == [KEY]
    bundle = site.send_bytes("/api/v1/support-bundle", gzip.compress(b"x"), {"Content-Type": "application/gzip"})
    documented.hold(bundle, "post", "/api/v1/support-bundle")


def test_refusals_of_sites_are_as_documented(server: RunningServer, site: Site) -> None:
    documented, identity = Documented(), batch_id()
    site.upload(batch(reading(), identity=identity))
    refused = {
        400: site.send("/api/v1/readings", b"{"),
        401: site.upload(batch(), key_id="nobody"),
        409: site.upload(batch(reading("serial:A:9"), identity=identity)),
        415: site.send_bytes("/api/v1/readings", b"{}", {"Content-Type": "text/plain"}),
        422: site.upload({"batch": 1}),
    }
    for status, answer in refused.items():
        assert answer.status == status
        documented.hold(answer, "post", "/api/v1/readings")


def test_answers_to_programs_are_as_documented(server: RunningServer, site: Site) -> None:
    documented, program = Documented(), Program(server)
    site.check_in({"devices": {"known": 1}})
    site.upload(batch(reading() | {"meters": METERS}))
    keep(server.database, hourly(2, "serial:ACME:1", NOON), "serial:ACME:1", site.site_id)
    roll_up(server.database)
    for path in ("/api/v1/sites", "/api/v1/devices", "/api/v1/meters", "/api/v1/meters/newest"):
        told = documented.hold(program.get(path), "get", path)
        assert len(told[path.split("/")[3]]) == 1
        assert program.get(path, {"Accept": "text/csv"}).headers["Content-Type"].startswith("text/csv")
        documented.hold(program.get(f"{path}?limit=0"), "get", path)
        documented.hold(program.get(path, {"Accept": "text/html"}), "get", path)
        documented.hold(server.request("GET", path), "get", path)
    nothing = server.write(lambda c: tokens.add_token(c, NewToken("nothing", ()), Maker()))
    refused = server.request("GET", "/api/v1/sites", headers={"Authorization": f"Bearer {nothing}"})
    documented.hold(refused, "get", "/api/v1/sites")
    for path in ("/livez", "/readyz"):
        documented.hold(server.request("GET", path), "get", path)
