"""Messages: plain English to whoever reads them, and template and values to whoever words them in another language."""

import copy
import json
import pickle
from decimal import Decimal

import pytest

from appliance.common.errors import DcaError
from appliance.common.files import to_json
from appliance.common.message import Message, message_of, messages_from, sentences, with_messages


def test_a_message_is_its_english_sentence() -> None:
    message = Message("Port %(port)d of %(host)s is in use.", port=80, host="here")

    assert message == "Port 80 of here is in use."
    assert json.loads(json.dumps([message])) == ["Port 80 of here is in use."]


def test_a_percent_sign_without_values_stands_for_itself() -> None:
    assert Message("100 % of it") == "100 % of it"


def test_an_error_keeps_its_message() -> None:
    error = DcaError(Message("No room for %(name)s.", name="x"))

    assert str(error) == "No room for x."
    assert message_of(error) == "No room for x."
    assert getattr(message_of(error), "template", "") == "No room for %(name)s."
    assert message_of(OSError(28, "No space left on device")) == "[Errno 28] No space left on device"


def test_messages_come_through_json_with_template_and_values() -> None:
    inner = Message("no route to %(host)s", host="10.0.0.1")
    status = {"problems": [{"text": Message("It failed: %(reason)s.", reason=inner), "count": 3}], "state": "idle"}

    told = json.loads(to_json(with_messages(status)))
    assert told["problems"][0]["text"] == "It failed: no route to 10.0.0.1."

    received = messages_from(told)
    text = received["problems"][0]["text"]
    assert received == status
    assert text.template == "It failed: %(reason)s."
    assert text.values["reason"].template == "no route to %(host)s"


@pytest.mark.parametrize(
    "code",
    [
        None,
        {},
        {"template": "%(missing)s", "values": {"other": 1}},
        {"template": 7, "values": {}},
        {"template": ["plain"], "values": {}},
        {"template": "x", "values": []},
        {"template": "plain", "values": {}, "more": 1},
        {"template": "%(x)d", "values": {"x": float("inf")}},
        {"template": "%(x)c", "values": {"x": -1}},
        {"template": "%(x)9000000000d", "values": {"x": 1}},
        {"template": "%(x)s" * 100_000, "values": {"x": "y" * 20_000}},
    ],
)
def test_a_code_that_does_not_fit_leaves_everything_as_it_is(code: object) -> None:
    told = {"text": "plain", "text_message": code}

    received = messages_from(told)
    assert received == told
    assert not isinstance(received["text"], Message)


def test_data_that_is_called_like_a_code_stays() -> None:
    assert messages_from({"last_message": "hello", "b_message": 5}) == {"last_message": "hello", "b_message": 5}


def test_a_document_nested_too_deep_is_left_alone() -> None:
    deep = json.loads("[" * 900 + "]" * 900)

    assert messages_from(deep) is deep


def test_a_value_that_does_not_fit_is_found_where_the_message_is_made() -> None:
    with pytest.raises(TypeError):
        Message("%(count)d", count=Decimal(5))


def test_sentences_become_one_message() -> None:
    both = sentences(Message("It is kept."), "", Message("Port %(port)d.", port=1))

    assert both == "It is kept. Port 1."
    assert isinstance(both, Message)
    assert [getattr(value, "template", "") for value in both.values.values()] == ["It is kept.", "Port %(port)d."]
    alone = Message("Alone.")
    assert sentences("", alone) is alone
    assert sentences() == ""


def test_copies_and_pickles_know_the_template() -> None:
    message = Message("%(count)d pages", count=3)

    for again in (copy.deepcopy(message), pickle.loads(pickle.dumps(message))):
        assert (again, again.template, again.values) == (message, message.template, message.values)
