"""Enrolment: one code, one key, one site."""

from datetime import timedelta

import sqlalchemy as sa

from appliance.common.clock import utc_now
from hosting.config import Limits
from hosting.db.tables import enrolment_code
from hosting.db.tables import site as site_table
from tests.hosting.conftest import StartServer
from tests.hosting.running import RunningServer
from tests.hosting.site import Site


def enrol(site: Site, code: str) -> tuple[int, dict[str, str]]:
    answer = site.send("/api/v1/enrol", site.enrolment(code), key_id=site.public_key)
    return answer.status, answer.json()


def test_a_code_makes_a_site_that_may_send(server: RunningServer) -> None:
    site = Site(server)
    status, answer = enrol(site, server.code())
    assert status == 201
    site.site_id = answer["site_id"]
    assert site.check_in().status == 200


def test_the_same_key_and_code_again_give_the_same_site(server: RunningServer) -> None:
    site, code = Site(server), server.code()
    first = enrol(site, code)
    again = enrol(site, code)
    assert (first[0], again[0]) == (201, 200)
    assert first[1] == again[1]
    assert server.count(site_table) == 1


def test_a_code_is_accepted_however_it_is_typed(server: RunningServer) -> None:
    typed = server.code().lower().replace("-", " ").replace("0", "o").replace("1", "l")
    assert enrol(Site(server), typed)[0] == 201


def test_a_used_code_admits_no_other_key(server: RunningServer) -> None:
    code = server.code()
    enrol(Site(server), code)
    status, answer = enrol(Site(server), code)
    assert (status, answer["error"]) == (403, "code_invalid")


def test_a_wrong_code_is_refused_and_makes_no_site(server: RunningServer) -> None:
    status, answer = enrol(Site(server), "AAAAA-AAAAA-AAAAA-AAAAA")
    assert (status, answer["error"]) == (403, "code_invalid")
    assert server.count(site_table) == 0


def test_an_expired_code_is_refused(server: RunningServer) -> None:
    code = server.code()
    past = utc_now() - timedelta(minutes=1)
    server.write(lambda connection: connection.execute(sa.update(enrolment_code).values(expires_at=past)))
    assert enrol(Site(server), code)[0] == 403


def test_codes_are_not_stored(server: RunningServer) -> None:
    code = server.code()
    stored = server.read(lambda connection: connection.execute(sa.select(enrolment_code)).one())
    assert code not in str(stored)
    assert code.replace("-", "") not in str(stored)


def test_whoever_enrols_has_to_own_the_key(server: RunningServer) -> None:
    honest, thief = Site(server), Site(server)
    stolen = {**thief.enrolment(server.code()), "public_key": honest.public_key}
    answer = thief.send("/api/v1/enrol", stolen, key_id=thief.public_key)
    assert (answer.status, answer.json()["error"]) == (401, "bad_signature")
    answer = thief.send("/api/v1/enrol", stolen, key_id=honest.public_key)
    assert (answer.status, answer.json()["error"]) == (401, "bad_signature")


def test_a_new_code_for_a_site_replaces_its_appliance_and_keeps_its_id(server: RunningServer) -> None:
    old = Site(server).enrol("Mill")
    new = Site(server).enrol("Mill")
    assert new.site_id == old.site_id
    assert new.check_in().status == 200
    assert old.check_in().json()["error"] == "bad_signature"


def test_guessing_codes_is_throttled(start_server: StartServer) -> None:
    server = start_server(limits=Limits(failures_burst=3, failures_per_second=0.01))
    statuses = [enrol(Site(server), "AAAAA-AAAAA-AAAAA-AAAAA")[0] for _ in range(5)]
    assert statuses == [403, 403, 403, 429, 429]
    answer = Site(server).send("/api/v1/enrol", Site(server).enrolment("x"), key_id=Site(server).public_key)
    assert int(answer.headers["Retry-After"]) > 0
