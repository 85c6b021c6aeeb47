"""What a deployment may say, and what it is told when it says it wrongly."""

from pathlib import Path
from typing import Any

import pytest

from config.settings import TABLE, Settings, SettingsError, load

ROOT = Path(__file__).parents[2]
NOWHERE = Path("/nonexistent/.env")
AES_KEY = "abcdefghijklmnopqrstuvwxyz0123456789ABCDEFG"
NEEDED = {
    "QUNCE_CORP_ID": "ww0123456789abcdef",
    "QUNCE_AGENT_ID": "1000002",
    "QUNCE_AGENT_SECRET": "app-secret",
    "QUNCE_CALLBACK_TOKEN": "token",
    "QUNCE_CALLBACK_AES_KEY": AES_KEY,
}


def settings(**more: str) -> Settings:
    return load(NEEDED | more, NOWHERE)


def refusal(dotenv: Path = NOWHERE, **more: str) -> str:
    with pytest.raises(SettingsError) as refused:
        load(NEEDED | more, dotenv)
    return str(refused.value)


def test_five_settings_are_enough() -> None:
    found = settings()

    assert found.corp_id == "ww0123456789abcdef"
    assert found.agent_id == 1000002
    assert found.api_base == "https://qyapi.weixin.qq.com/cgi-bin"
    assert found.mongo_url is None
    assert found.tz.key == "Asia/Shanghai"


def test_other_secrets_fall_back_to_the_apps_own() -> None:
    found = settings()

    assert found.contact_secret == found.agent_secret
    assert found.keys("app") == found.keys("contact") == found.keys("directory")


def test_each_route_may_have_its_own_keys() -> None:
    found = settings(
        QUNCE_CONTACT_CALLBACK_TOKEN="other",
        QUNCE_DIRECTORY_CALLBACK_AES_KEY="Z" * 43,
        QUNCE_CONTACT_SECRET="contact-secret",
    )

    assert found.keys("app") == ("token", AES_KEY)
    assert found.keys("contact") == ("other", AES_KEY)
    assert found.keys("directory") == ("token", "Z" * 43)
    assert found.contact_secret.get_secret_value() == "contact-secret"


@pytest.mark.parametrize("name", sorted(NEEDED))
def test_a_missing_one_is_one_sentence_with_an_example(name: str) -> None:
    with pytest.raises(SettingsError) as refused:
        load({n: value for n, value in NEEDED.items() if n != name}, NOWHERE)
    said = str(refused.value)

    assert said.startswith(f"缺少设置 {name}：")
    assert f" {name} is missing: " in said
    assert f"{name}=" in said
    assert "\n" not in said


def test_each_missing_one_has_its_own_line() -> None:
    with pytest.raises(SettingsError) as refused:
        load({}, NOWHERE)

    assert len(str(refused.value).splitlines()) == len(NEEDED)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("QUNCE_CORP_ID", "ww 1"),
        ("QUNCE_AGENT_ID", "app"),
        ("QUNCE_AGENT_ID", "-1"),
        ("QUNCE_AGENT_SECRET", "two words"),
        ("QUNCE_CALLBACK_TOKEN", "t" * 33),
        ("QUNCE_CALLBACK_TOKEN", "not-letters"),
        ("QUNCE_CALLBACK_AES_KEY", "a" * 42),
        ("QUNCE_CALLBACK_AES_KEY", "a" * 44),
        ("QUNCE_CALLBACK_AES_KEY", "a" * 42 + "="),
        ("QUNCE_CONTACT_CALLBACK_AES_KEY", "é" * 43),
        ("QUNCE_API_BASE", "qyapi.weixin.qq.com"),
        ("QUNCE_MONGO_URL", "127.0.0.1:27017"),
        ("QUNCE_DATABASE", "a.b"),
        ("QUNCE_CONFIG_DIR", "/nonexistent"),
        ("QUNCE_HOST", "http://0.0.0.0"),
        ("QUNCE_PORT", "65536"),
        ("QUNCE_TIMEZONE", "Asia/Beijing"),
        ("QUNCE_TIMEZONE", "../../etc/passwd"),
        ("QUNCE_LOG_FORMAT", "xml"),
    ],
)
def test_a_malformed_one_is_one_sentence_with_an_example(name: str, value: str) -> None:
    said = refusal(**{name: value})

    assert said.startswith(f"{name} 的值不对，应为：")
    assert f" {name} is malformed: it should be " in said
    assert f"{name}=" in said
    assert "\n" not in said


def test_a_malformed_secret_is_not_repeated() -> None:
    with pytest.raises(SettingsError) as refused:
        load(NEEDED | {"QUNCE_CALLBACK_AES_KEY": "hush-hush"}, NOWHERE)

    assert "hush" not in str(refused.value)
    assert refused.value.__suppress_context__


def test_secrets_stay_out_of_logs() -> None:
    shown = repr(settings(QUNCE_MONGO_URL="mongodb://me:hush@db/", QUNCE_EVENTS_SECRET="hush"))

    assert "hush" not in shown
    assert "app-secret" not in shown
    assert AES_KEY not in shown


def test_a_misspelt_one_is_asked_about() -> None:
    said = refusal(QUNCE_MONGO_URI="mongodb://db/")

    assert "是不是想写 QUNCE_MONGO_URL？" in said
    assert "did you mean QUNCE_MONGO_URL?" in said


def test_names_that_are_not_ours_are_left_alone() -> None:
    assert settings(PATH="/bin", MONGO_URI="x", QUNCE_CRASH="kill=0.01").mongo_url is None


def test_an_empty_one_counts_as_not_given() -> None:
    assert settings(QUNCE_MONGO_URL="", QUNCE_PORT=" ").port == 8080


def test_a_secret_may_come_from_a_file(tmp_path: Path) -> None:
    file = tmp_path / "secret"
    file.write_text("from-file\n")
    env = {n: value for n, value in NEEDED.items() if n != "QUNCE_AGENT_SECRET"}

    found = load(env | {"QUNCE_AGENT_SECRET_FILE": str(file)}, NOWHERE)

    assert found.agent_secret.get_secret_value() == "from-file"


def test_a_file_that_is_not_there_is_named() -> None:
    said = refusal(QUNCE_MONGO_URL_FILE="/nonexistent/url")

    assert "QUNCE_MONGO_URL_FILE" in said
    assert "/nonexistent/url" in said


def test_a_setting_and_its_file_contradict_each_other(tmp_path: Path) -> None:
    said = refusal(QUNCE_AGENT_SECRET_FILE=str(tmp_path))

    assert "QUNCE_AGENT_SECRET 和 QUNCE_AGENT_SECRET_FILE 只能设置一个" in said


def test_dotenv_fills_in_what_the_environment_leaves_open(tmp_path: Path) -> None:
    dotenv = tmp_path / ".env"
    dotenv.write_text(
        "\ufeff# 注释\nQUNCE_PORT=9000\nQUNCE_HOST='0.0.0.0'\nQUNCE_EVENTS_SECRET=pa${HOME}\n",
        encoding="utf-8",
    )

    found = load(NEEDED | {"QUNCE_PORT": "9001"}, dotenv)

    assert found.port == 9001
    assert found.host == "0.0.0.0"
    assert found.events_secret
    assert found.events_secret.get_secret_value() == "pa${HOME}"


def test_an_unreadable_dotenv_is_named(tmp_path: Path) -> None:
    dotenv = tmp_path / ".env"
    dotenv.write_bytes(b"QUNCE_PORT=\xff\xfe")

    assert str(dotenv) in refusal(dotenv=dotenv)


def test_the_example_file_shows_every_setting_and_works() -> None:
    example = ROOT / ".env.example"
    text = example.read_text(encoding="utf-8")

    assert load({}, example).corp_id == "ww0123456789abcdef"
    for variable in TABLE:
        shown = f"{variable.name}={variable.meaning.example}"
        line = shown if variable.required else f"# {shown}"
        assert f"# {variable.meaning.zh} · {variable.meaning.en}\n{line}\n" in text


@pytest.mark.parametrize(("readme", "language"), [("README.md", "en"), ("README.zh-CN.md", "zh")])
def test_the_readme_explains_every_setting(readme: str, language: str) -> None:
    text = (ROOT / readme).read_text(encoding="utf-8")

    missing = [row for row in map(row_in(language), TABLE) if row not in text]
    assert not missing, f"{readme} needs these lines:\n" + "\n".join(missing)


def row_in(language: str) -> Any:
    """How a table of settings shows one of them: name, meaning, default, example."""
    needed = {"zh": "（必填）", "en": "(required)"}[language]

    def row(variable: Any) -> str:
        default = f"`{variable.default}`" if variable.default else ""
        shown = needed if variable.required else default
        meaning = getattr(variable.meaning, language)
        return f"| `{variable.name}` | {meaning} | {shown} | `{variable.meaning.example}` |"

    return row
