"""Periodic jobs: their words, their jitter, and clocks that are set."""

from datetime import UTC, datetime

from appliance.common.periodic import PeriodicScheduler


def nothing() -> None:
    """Do nothing."""


def seconds_to(moment: datetime | None) -> float:
    assert moment is not None
    return (moment - datetime.now(UTC)).total_seconds()


def test_intervals_of_many_sites_differ_within_the_share() -> None:
    seconds = [seconds_to(PeriodicScheduler().every(10).minutes.within(0.05).do(nothing).next_at) for _ in range(100)]
    assert len({round(second, 1) for second in seconds}) > 20
    assert all(569 < second <= 630 for second in seconds)


def test_the_first_run_is_when_it_was_declared_and_then_the_interval_counts() -> None:
    scheduler, runs = PeriodicScheduler(), []
    job = scheduler.every(1).hours.within(0.05).tag("read").starting_in(0).do(lambda: runs.append("read"))
    scheduler.run_pending()
    scheduler.run_pending()
    assert runs == ["read"]
    assert 3400 < seconds_to(job.next_at) < 3800


def test_a_job_is_found_by_its_tag() -> None:
    scheduler = PeriodicScheduler()
    job = scheduler.every(2).minutes.tag("upload").do(nothing)
    assert scheduler.job("upload") is job
    assert scheduler.job("sweep") is None


def test_a_time_of_day_keeps_to_the_words_of_schedule() -> None:
    job = PeriodicScheduler().every().day.at("03:30").do(nothing)
    assert job.next_run is not None
    assert (job.next_run.hour, job.next_run.minute) == (3, 30)


def test_a_clock_that_was_set_back_does_not_silence_a_job() -> None:
    scheduler = PeriodicScheduler()
    job = scheduler.every(1).hours.within(0.05).do(nothing)
    job.postpone(40 * 365 * 86400)
    scheduler.run_pending()
    assert seconds_to(job.next_at) < 3800
