"""What programs read: only with a token, each device's newest reading, page by page."""

import sqlalchemy as sa

from hosting.config import Limits
from hosting.db import accounts
from hosting.db.tables import token as token_table
from tests.hosting.batches import batch, reading
from tests.hosting.conftest import StartServer
from tests.hosting.running import Answer, RunningServer
from tests.hosting.site import Site


def token(server: RunningServer, name: str = "ERP") -> str:
    secret = server.write(lambda connection: accounts.add_token(connection, name))
    assert secret is not None
    return secret


def get(server: RunningServer, path: str, secret: str | None) -> Answer:
    return server.request("GET", path, headers={"Authorization": f"Bearer {secret}"} if secret else {})


def test_devices_come_with_their_site_and_their_whole_reading(server: RunningServer, site: Site) -> None:
    sent = reading(location="3rd floor")
    site.upload(batch(sent))
    answer = get(server, "/api/v1/devices", token(server)).json()
    [device] = answer["devices"]
    assert answer["next"] is None
    assert (device["site_id"], device["site_name"]) == (site.site_id, "Harbour office")
    assert device["received_at"].endswith("Z")
    assert device["reading"]["meters"] == sent["meters"]
    assert device["reading"]["device"]["location"] == "3rd floor"


def test_the_devices_of_one_site_can_be_asked_for(server: RunningServer) -> None:
    mill, port = Site(server).enrol("Mill"), Site(server).enrol("Port")
    mill.upload(batch(reading("serial:A:1")))
    port.upload(batch(reading("serial:A:2")))
    [device] = get(server, f"/api/v1/devices?site={port.site_id}", token(server)).json()["devices"]
    assert device["reading"]["device"]["key"] == "serial:A:2"


def test_many_devices_come_page_by_page_each_once(server: RunningServer) -> None:
    for name in ("Mill", "Port"):
        Site(server).enrol(name).upload(batch(*(reading(f"serial:A:{number}") for number in range(5))))
    secret, seen, after = token(server), [], ""
    while True:
        answer = get(server, f"/api/v1/devices?limit=3{after}", secret).json()
        seen += [(device["site_id"], device["reading"]["device"]["key"]) for device in answer["devices"]]
        if answer["next"] is None:
            break
        after = f"&after={answer['next']}"
    assert len(seen) == len(set(seen)) == 10


def test_sites_come_with_what_they_said(server: RunningServer, site: Site) -> None:
    server.code("Not enrolled")
    site.check_in({"outbox": {"readings": 4}})
    answer = get(server, "/api/v1/sites", token(server)).json()
    by_name = {item["site_name"]: item for item in answer["sites"]}
    assert by_name["Harbour office"]["contact"] == "online"
    assert by_name["Harbour office"]["state"] == {"outbox": {"readings": 4}}
    assert by_name["Not enrolled"]["contact"] == "never"


def test_without_a_valid_token_nothing_is_told(server: RunningServer, site: Site) -> None:
    for path in ("/api/v1/devices", "/api/v1/sites"):
        for secret in (None, "dca_wrong"):
            answer = get(server, path, secret)
            assert answer.status == 401
            assert answer.headers["WWW-Authenticate"] == "Bearer"
            assert b"Harbour" not in answer.body


def test_guessing_tokens_is_throttled(start_server: StartServer) -> None:
    server = start_server(limits=Limits(failures_burst=3, failures_per_second=0.01))
    assert [get(server, "/api/v1/sites", f"dca_{number}").status for number in range(5)] == [401, 401, 401, 429, 429]


def test_a_cursor_of_nobody_is_refused(server: RunningServer) -> None:
    secret = token(server)
    for query in ("after=x", "after=WzFd", "limit=0", "limit=many"):
        assert get(server, f"/api/v1/devices?{query}", secret).status == 400


def test_the_use_of_a_token_is_noted(server: RunningServer) -> None:
    get(server, "/api/v1/sites", token(server))
    used = server.read(lambda connection: connection.execute(sa.select(token_table.c.last_used_at)).scalar_one())
    assert used is not None


def test_health_is_told_to_everyone(server: RunningServer) -> None:
    answer = server.request("GET", "/healthz")
    assert (answer.status, answer.json()) == (200, {"ok": True})


def test_an_unknown_address_of_the_api_is_json(server: RunningServer) -> None:
    answer = server.request("POST", "/api/v1/nothing")
    assert (answer.status, answer.json()["error"]) == (404, "not_found")
