"""`/metrics`: off by default, only for its own token, and in a form that Prometheus reads."""

import re

import pytest

from appliance.common.network.traffic import PURPOSES
from tests.webui.conftest import RunningWebUi, StartWebUi
from tests.webui.standins import collector_status, scan_state
from webui.exposition import Metric, exposition, gauge

TOKEN = "0123456789abcdef0123456789abcdef"
BEARER = {"Authorization": f"Bearer {TOKEN}"}
SAMPLE = re.compile(r'([a-z_]+)(\{(?:[a-z_]+="(?:[^"\\]|\\.)*",?)*\})? (-?[0-9.e+]+)')


@pytest.fixture
def measured(start_webui: StartWebUi) -> RunningWebUi:
    """Return a web UI with a token, whose collector has something to tell."""
    webui = start_webui(DCA_METRICS_TOKEN=TOKEN)
    last = scan_state(done=True, finished_at="2026-11-22T10:00:30Z", failed=2)
    webui.collector.status = collector_status(
        devices={"known": 13, "answering": 12}, outbox={"readings": 7, "oldest_at": "2026-11-22T09:00:00Z"}, last_scan=last
    )
    poll = {"packets_sent": 20, "packets_received": 19, "bytes_sent": 3000, "bytes_received": 5000}
    webui.collector.answers["/v1/traffic"] = {"since_start": {"poll": poll}}
    return webui


def samples(text: str) -> dict[str, float]:
    """Return the samples, as Prometheus reads them; every line must be one, or tell of one."""
    found = {}
    for line in text.splitlines():
        if not re.match(r"# (HELP|TYPE) [a-z_]+ .+", line):
            matched = SAMPLE.fullmatch(line)
            assert matched is not None, line
            found[f"{matched[1]}{matched[2] or ''}"] = float(matched[3])
    return found


def test_metrics_are_off_without_a_token(webui: RunningWebUi) -> None:
    admin = webui.admin()
    assert admin.get("/metrics").status == 404
    assert webui.visitor().get("/metrics", headers=BEARER).status == 404
    assert "none: /metrics is off" in admin.get("/settings").shown


@pytest.mark.parametrize("header", ["", f"Bearer {TOKEN[:-1]}", f"Bearer {TOKEN}0", f"Basic {TOKEN}", "Bearer", "Bearer é", TOKEN])
def test_metrics_are_only_for_who_has_the_token(measured: RunningWebUi, header: str) -> None:
    answer = measured.visitor().get("/metrics", headers={"Authorization": header} if header else {})
    assert answer.status == 401
    assert answer.headers["WWW-Authenticate"].startswith("Bearer")
    assert "dca_" not in answer.text
    assert TOKEN not in answer.text


def test_the_token_opens_nothing_else(measured: RunningWebUi) -> None:
    measured.admin()
    assert measured.visitor().get("/devices", headers=BEARER).status == 303
    page = measured.admin().get("/settings")
    assert TOKEN not in page.text
    assert "Prometheus may read /metrics" in page.shown


def test_metrics_tell_what_collector_and_supervisor_tell(measured: RunningWebUi) -> None:
    answer = measured.visitor().get("/metrics", headers=BEARER)
    assert answer.status == 200
    assert answer.headers["Content-Type"] == "text/plain; version=0.0.4; charset=utf-8"
    told = samples(answer.text)
    assert told['dca_traffic_bytes_total{purpose="poll",direction="received"}'] == 5000
    assert told['dca_traffic_packets_total{purpose="poll",direction="sent"}'] == 20
    assert told['dca_traffic_bytes_total{purpose="upload",direction="sent"}'] == 0
    assert sum(name.startswith("dca_traffic_bytes_total") for name in told) == 2 * len(PURPOSES)
    assert (told["dca_devices"], told["dca_devices_answering"], told["dca_outbox_readings"]) == (13, 12, 7)
    assert told["dca_last_scan_timestamp_seconds"] == 1795341630
    assert told["dca_last_scan_failed_devices"] == 2
    assert told["dca_collector_up"] == 1
    assert told['dca_process_memory_bytes{component="webui"}'] == pytest.approx(31.4 * 2**20)
    assert 'dca_build_info{version="' in answer.text
    assert "# TYPE dca_traffic_bytes_total counter" in answer.text
    assert "Town hall" not in answer.text
    assert "hosting.example" not in answer.text


def test_metrics_of_an_appliance_whose_collector_is_down_say_so(measured: RunningWebUi) -> None:
    measured.collector.close()
    told = samples(measured.visitor().get("/metrics", headers=BEARER).text)
    assert told["dca_collector_up"] == 0
    assert "dca_devices" not in told
    assert told['dca_process_up{component="collector"}'] == 1, "the supervisor knows better"


def test_a_token_that_could_be_guessed_is_refused_without_being_repeated(start_webui: StartWebUi) -> None:
    with pytest.raises(Exception, match="20 to 200 letters") as caught:
        start_webui(DCA_METRICS_TOKEN="letmein")
    assert "letmein" not in str(caught.value)
    assert "DCA_METRICS_TOKEN" in str(caught.value)


def test_the_text_format_escapes_what_would_break_it() -> None:
    metric = Metric("dca_x", "gauge", "a\\b\nc", (({"name": 'say "no"\n\\'}, 1.5),))
    assert exposition([metric, gauge("dca_none", "nothing", None)]) == (
        '# HELP dca_x a\\\\b\\nc\n# TYPE dca_x gauge\ndca_x{name="say \\"no\\"\\n\\\\"} 1.5\n'
    )
