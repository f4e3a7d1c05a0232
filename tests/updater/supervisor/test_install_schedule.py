"""When versions are installed, and tried again."""

from updater.supervisor.install_schedule import InstallSchedule

SCHEDULE = InstallSchedule()


def test_failures_are_tried_again_ever_later_up_to_six_hours() -> None:
    delays = [SCHEDULE.after_failure(failures, 0.0) for failures in range(1, 12)]
    assert delays[:3] == [600, 1200, 2400]
    assert delays == sorted(delays)
    assert SCHEDULE.after_failure(10_000, 1.0) == 6 * 3600 * 1.2


def test_many_sites_do_not_act_in_step() -> None:
    for moment in (
        SCHEDULE.next_look,
        SCHEDULE.before_install,
        SCHEDULE.next_tidying,
        lambda chance: SCHEDULE.after_failure(2, chance),
    ):
        assert len({moment(chance / 10) for chance in range(11)}) == 11
    assert max(SCHEDULE.next_look(chance / 10) for chance in range(11)) <= 600
