"""What programs read: only with a token, each device's newest reading, page by page."""

import json
from typing import Any

import sqlalchemy as sa

from appliance.report import Reading
from hosting.config import Limits
from hosting.db.tables import event as event_table
from hosting.db.tables import site as site_table
from hosting.db.tables import token as token_table
from hosting.db.tokens import Maker, NewToken, add_token
from tests.hosting.batches import batch, reading
from tests.hosting.conftest import StartServer
from tests.hosting.db.test_events import happened
from tests.hosting.running import Answer, RunningServer
from tests.hosting.site import Site


def token(server: RunningServer, name: str = "ERP") -> str:
    secret = server.write(lambda connection: add_token(connection, NewToken(name), Maker()))
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
    # Also what has its default, which the server does not store.
    assert device["reading"] == Reading.model_validate(sent).model_dump(mode="json")
    assert device["reading"]["device"]["asset_number"] is None


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
            assert answer.headers["WWW-Authenticate"] == ('Bearer error="invalid_token"' if secret else "Bearer")
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


def strict(answer: Answer) -> Any:
    """Return the JSON of an answer as a program reads it that knows no NaN."""

    def refuse(word: str) -> None:
        raise AssertionError(f"{word} is no JSON")

    return json.loads(answer.body, parse_constant=refuse)


def test_what_one_site_said_never_spoils_the_list_for_all(server: RunningServer) -> None:
    odd, usual = Site(server).enrol("Odd"), Site(server).enrol("Usual")
    body = b'{"version":"1","state":{"devices":{"known":NaN,"answering":3},"a":[Infinity,1e999,{"b":-Infinity}]}}'
    assert odd.send("/api/v1/checkin", body).status == 200
    usual.check_in({"devices": {"known": 2}})
    listed = {one["site_name"]: one["state"] for one in strict(get(server, "/api/v1/sites", token(server)))["sites"]}
    assert listed == {"Odd": {"devices": {"answering": 3}, "a": [{}]}, "Usual": {"devices": {"known": 2}}}


def test_nor_does_what_a_server_before_has_kept(server: RunningServer, site: Site) -> None:
    kept = '{"devices":{"known":NaN,"answering":3}}'
    server.write(lambda connection: connection.execute(sa.update(site_table).values(state=kept)))
    [listed] = strict(get(server, "/api/v1/sites", token(server)))["sites"]
    assert listed["state"] == {"devices": {"answering": 3}}


def test_nor_does_a_reading_or_an_event(server: RunningServer, site: Site) -> None:
    told = batch(reading() | {"misc": {"a": "@", "b": [1, "@"]}}) | {"events": [happened(a="@", b=1)]}
    assert site.send("/api/v1/readings", json.dumps(told).replace('"@"', "NaN").encode()).status == 200
    [device] = strict(get(server, "/api/v1/devices", token(server)))["devices"]
    assert device["reading"]["misc"] == {"a": None, "b": [1, None]}
    assert server.read(lambda connection: connection.execute(sa.select(event_table.c.detail)).scalar_one()) == '{"b":1}'
