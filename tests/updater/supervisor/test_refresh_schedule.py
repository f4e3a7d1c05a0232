"""When configuration is checked for."""

from updater.supervisor.refresh_schedule import CheckSchedule

SCHEDULE = CheckSchedule()


def test_failures_are_tried_again_ever_later_up_to_six_hours() -> None:
    delays = [SCHEDULE.after_failure(failures, 0.0) for failures in range(1, 12)]
    assert delays[:3] == [60, 120, 240]
    assert delays == sorted(delays)
    assert SCHEDULE.after_failure(10_000, 1.0) == 6 * 3600 * 1.2


def test_many_sites_do_not_act_in_step_and_none_waits_longer_than_a_day() -> None:
    for moment in (SCHEDULE.after_start, SCHEDULE.after_success, lambda chance: SCHEDULE.after_failure(3, chance)):
        times = {moment(chance / 10) for chance in range(11)}
        assert len(times) == 11
        assert min(times) > 0
        assert max(times) <= 86400
