import pytest

from bot.wecom import errors


@pytest.mark.parametrize("code", [40014, 41001, 42001])
def test_an_expired_token_is_as_busy_to_who_does_not_know_it(code: int) -> None:
    error = errors.from_answer(code, "invalid access_token", "user/get")

    assert type(error) is errors.TokenExpired
    assert isinstance(error, errors.Busy)


def test_an_unknown_code_is_final() -> None:
    assert type(errors.from_answer(87654, "?", "user/get")) is errors.Refused


def test_an_error_tells_where_and_what() -> None:
    error = errors.from_answer(84061, "not external contact", "externalcontact/mark_tag")

    assert str(error) == "externalcontact/mark_tag: not external contact (errcode 84061)"


@pytest.mark.parametrize(
    ("said", "ip"),
    [
        (
            "not allow to access from your ip, hint: [1], from ip: 203.0.113.9, more info",
            "203.0.113.9",
        ),
        ("from ip: 2001:db8::7, more info at https://…", "2001:db8::7"),
        ("not allow to access from your ip", ""),
    ],
)
def test_the_untrusted_address_is_read_from_what_wecom_said(said: str, ip: str) -> None:
    error = errors.from_answer(60020, said, "user/get")

    assert isinstance(error, errors.NotTrusted)
    assert error.ip == ip
    assert "企业可信IP" in error.hint


@pytest.mark.parametrize(
    ("code", "setting"),
    [
        (40001, "QUNCE_AGENT_SECRET"),
        (40013, "QUNCE_CORP_ID"),
        (40056, "QUNCE_AGENT_ID"),
        (48002, "QUNCE_CONTACT_SECRET"),
        (301002, "QUNCE_AGENT_ID"),
    ],
)
def test_a_misconfiguration_names_the_setting_to_change(code: int, setting: str) -> None:
    error = errors.from_answer(code, "…", "user/get")

    assert isinstance(error, errors.Misconfigured)
    assert setting in error.hint
