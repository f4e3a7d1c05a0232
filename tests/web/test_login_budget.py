"""The login budget of both web interfaces: strangers wait, who logged in lately does not wait for them."""

from web.login_budget import CLIENTS_KEPT, LATELY_SECONDS, LoginBudget, Rate


def test_what_strangers_try_does_not_shut_out_who_logged_in_lately() -> None:
    now = [0.0]
    budget = LoginBudget(Rate(5, 6), Rate(3, 60), clock=lambda: now[0])
    budget.succeeded("192.0.2.1")
    assert [budget.attempt(f"198.51.100.{host}") for host in range(4)] == [0, 0, 0, 60]
    assert budget.attempt("192.0.2.1") == 0
    assert budget.attempt("198.51.100.9") > 0


def test_lately_ends() -> None:
    now = [0.0]
    budget = LoginBudget(Rate(5, 6), Rate(1, 60), clock=lambda: now[0])
    budget.succeeded("192.0.2.1")
    now[0] = LATELY_SECONDS + 1
    assert budget.attempt("198.51.100.1") == 0
    assert budget.attempt("192.0.2.1") > 0


def test_who_logged_in_lately_still_has_a_budget_of_its_own() -> None:
    budget = LoginBudget(Rate(2, 6), Rate(100, 1), clock=lambda: 0.0)
    budget.succeeded("192.0.2.1")
    assert [budget.attempt("192.0.2.1") for _ in range(3)] == [0, 0, 6]


def test_the_number_of_clients_kept_is_bounded() -> None:
    budget = LoginBudget(Rate(2, 6), Rate(10**9, 1), clock=lambda: 0.0)
    for number in range(CLIENTS_KEPT + 50):
        address = f"10.{number >> 16}.{number >> 8 & 255}.{number & 255}"
        budget.attempt(address)
        budget.succeeded(address)
        budget.attempt(address)
    assert len(budget._clients) <= CLIENTS_KEPT
    assert len(budget._lately) <= CLIENTS_KEPT
