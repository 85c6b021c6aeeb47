"""Deployment settings: what each QUNCE_* variable means and may be."""

import os
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Literal
from zoneinfo import ZoneInfo

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    DirectoryPath,
    Field,
    SecretStr,
    StringConstraints,
    ValidationError,
)

from config import environment
from config.environment import PREFIX, SettingsError

__all__ = ["TABLE", "Meaning", "Route", "Settings", "SettingsError", "Variable", "load"]

PROJECT = Path(__file__).parents[1]

Route = Literal["app", "contact", "directory"]


@dataclass(frozen=True, slots=True)
class Meaning:
    """What a setting is, told to people: in errors, in .env.example and in README."""

    zh: str
    en: str
    example: str


@dataclass(frozen=True, slots=True)
class Variable:
    """One line of the table of settings; without a default it is required or explained."""

    name: str
    meaning: Meaning
    default: str
    required: bool


def _zone(name: str) -> str:
    try:
        ZoneInfo(name)
    except (KeyError, OSError) as error:
        raise ValueError("no such time zone") from error
    return name


def _form(pattern: str) -> AfterValidator:
    """A secret must match the whole pattern; what was given is never repeated."""

    def check(secret: SecretStr) -> SecretStr:
        if not re.fullmatch(pattern, secret.get_secret_value(), re.ASCII):
            raise ValueError("wrong form")
        return secret

    return AfterValidator(check)


def _same_as(field: str) -> Callable[[dict[str, Any]], SecretStr]:
    return lambda given: given[field]


# WeCom draws both from letters and digits: https://developer.work.weixin.qq.com/document/path/90930
Token = Annotated[SecretStr, _form(r"[A-Za-z0-9]{1,32}")]
AesKey = Annotated[SecretStr, _form(r"[A-Za-z0-9]{43}")]
Secret = Annotated[SecretStr, _form(r"\S+")]
MongoUrl = Annotated[SecretStr, _form(r"mongodb(\+srv)?://\S+")]
HttpUrl = Annotated[
    str,
    StringConstraints(pattern=r"^https?://[^\s/]+\S*$"),
    AfterValidator(lambda u: u.rstrip("/")),
]
HOME = BeforeValidator(lambda given: Path(given).expanduser())

SECRET_EXAMPLE = "your-app-secret-43-characters-from-WeComAdmin"  # noqa: S105 -- an example
OR_APP = ("；不填则同应用回调", "; the app callback's if unset")


def _token(zh: str, en: str, otherwise: tuple[str, str] = ("", "")) -> Meaning:
    return Meaning(
        f"{zh}回调的 Token（不超过 32 个字母或数字{otherwise[0]}）",
        f"the {en} callback's Token (at most 32 letters and digits{otherwise[1]})",
        "QuNCe2026callbackToken",
    )


def _aes_key(zh: str, en: str, otherwise: tuple[str, str] = ("", "")) -> Meaning:
    return Meaning(
        f"{zh}回调的 EncodingAESKey（正好 43 个字母或数字{otherwise[0]}）",
        f"the {en} callback's EncodingAESKey (exactly 43 letters and digits{otherwise[1]})",
        "abcdefghijklmnopqrstuvwxyz0123456789ABCDEFG",
    )


class Settings(BaseModel):
    """Everything that differs between two deployments."""

    # Not BaseSettings: a test that builds Settings must not pick up the developer's environment.
    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)

    corp_id: Annotated[
        str,
        StringConstraints(pattern=r"^[A-Za-z0-9_-]{1,64}$"),
        Meaning("企业 ID", "the corp id", "ww0123456789abcdef"),
    ]
    agent_id: Annotated[
        int,
        Field(ge=0),
        Meaning("自建应用的 AgentId（数字）", "the app's AgentId (a number)", "1000002"),
    ]
    agent_secret: Annotated[
        Secret, Meaning("自建应用的 Secret", "the app's secret", SECRET_EXAMPLE)
    ]
    contact_secret: Annotated[
        Secret,
        Meaning(
            "客户联系的 Secret（不填则同 QUNCE_AGENT_SECRET）",
            "the customer contact secret (QUNCE_AGENT_SECRET if unset)",
            SECRET_EXAMPLE,
        ),
    ] = Field(default_factory=_same_as("agent_secret"))
    callback_token: Annotated[Token, _token("应用", "app")]
    callback_aes_key: Annotated[AesKey, _aes_key("应用", "app")]
    contact_callback_token: Annotated[Token, _token("客户联系", "customer contact", OR_APP)] = (
        Field(default_factory=_same_as("callback_token"))
    )
    contact_callback_aes_key: Annotated[
        AesKey, _aes_key("客户联系", "customer contact", OR_APP)
    ] = Field(default_factory=_same_as("callback_aes_key"))
    directory_callback_token: Annotated[Token, _token("通讯录", "directory", OR_APP)] = Field(
        default_factory=_same_as("callback_token")
    )
    directory_callback_aes_key: Annotated[AesKey, _aes_key("通讯录", "directory", OR_APP)] = Field(
        default_factory=_same_as("callback_aes_key")
    )
    events_secret: Annotated[
        Secret | None,
        Meaning(
            "商城推送订单和到店时的签名密钥（不填则 POST /api/events 一律 403）",
            "the key that signs orders and visits (unset: POST /api/events answers 403)",
            SECRET_EXAMPLE,
        ),
    ] = None
    api_base: Annotated[
        HttpUrl,
        Meaning(
            "企业微信接口地址（http:// 或 https:// 开头）",
            "the address of WeCom's API (http:// or https://)",
            "https://qyapi.weixin.qq.com/cgi-bin",
        ),
    ] = "https://qyapi.weixin.qq.com/cgi-bin"
    mongo_url: Annotated[
        MongoUrl | None,
        Meaning(
            "MongoDB 副本集地址（mongodb:// 开头；不填则用试用版内置 mongod）",
            "the address of a MongoDB replica set (mongodb://; the embedded mongod if unset)",
            "mongodb://qunce:password@db1,db2,db3/?replicaSet=rs0",
        ),
    ] = None
    database: Annotated[
        str,
        StringConstraints(pattern=r"^[A-Za-z0-9_-]{1,63}$"),
        Meaning(
            "数据库名（不超过 63 个字母、数字、- 或 _）",
            "the database's name (at most 63 letters, digits, - or _)",
            "qunce",
        ),
    ] = "qunce"
    data_dir: Annotated[
        Path,
        HOME,
        Meaning(
            "本机数据文件夹（内置 mongod 和暂存的回调）",
            "the folder for local data (embedded mongod, spooled callbacks)",
            "/var/lib/qunce",
        ),
    ] = Path("data")
    config_dir: Annotated[
        DirectoryPath,
        HOME,
        Meaning(
            "SOP 等 YAML 所在的文件夹（必须已存在）",
            "the folder with the SOPs and other YAML (it must exist)",
            "/etc/qunce/config",
        ),
    ] = Path(__file__).parent / "shop"
    host: Annotated[
        str,
        StringConstraints(pattern=r"^[^\s/]+$"),
        Meaning("HTTP 监听地址", "the address to listen on", "0.0.0.0"),  # noqa: S104 -- an example
    ] = "127.0.0.1"
    port: Annotated[
        int,
        Field(ge=0, le=65535),
        Meaning("HTTP 监听端口（0–65535）", "the port to listen on (0–65535)", "8080"),
    ] = 8080
    public_url: Annotated[
        HttpUrl | None,
        Meaning(
            "浏览器打开后台的地址（https://，域名要是应用的可信域名；不填则不能用企业微信登录）",
            "where browsers find the console (https://, a trusted domain of the app; "
            "unset: no sign-in through WeCom)",
            "https://qunce.example.com",
        ),
    ] = None
    authorize_url: Annotated[
        HttpUrl,
        Meaning(
            "企业微信客户端内的登录页（不用改）",
            "WeCom's sign-in page inside its client (leave it)",
            "https://open.weixin.qq.com/connect/oauth2/authorize",
        ),
    ] = "https://open.weixin.qq.com/connect/oauth2/authorize"
    login_url: Annotated[
        HttpUrl,
        Meaning(
            "企业微信的扫码登录页（不用改）",
            "WeCom's sign-in page with a QR code (leave it)",
            "https://login.work.weixin.qq.com/wwlogin/sso/login",
        ),
    ] = "https://login.work.weixin.qq.com/wwlogin/sso/login"
    timezone: Annotated[
        str,
        AfterValidator(_zone),
        Meaning("SOP 里时间所用的时区", "the time zone of the SOPs", "Asia/Shanghai"),
    ] = "Asia/Shanghai"
    log_format: Annotated[
        Literal["text", "json"],
        Meaning("日志格式（text 或 json）", "the form of the log (text or json)", "json"),
    ] = "text"

    @property
    def tz(self) -> ZoneInfo:
        """The zone in which SOP times are written."""
        return ZoneInfo(self.timezone)

    def keys(self, route: Route) -> tuple[str, str]:
        """The Token and EncodingAESKey of one callback route."""
        token, aes_key = {
            "app": (self.callback_token, self.callback_aes_key),
            "contact": (self.contact_callback_token, self.contact_callback_aes_key),
            "directory": (self.directory_callback_token, self.directory_callback_aes_key),
        }[route]
        return token.get_secret_value(), aes_key.get_secret_value()


def load(env: Mapping[str, str] = os.environ, dotenv: Path = Path(".env")) -> Settings:
    """Read the settings; the environment goes before .env; raises SettingsError."""
    try:
        given = environment.read(env, dotenv, _FIELDS)
        return Settings.model_validate({_FIELDS[name]: value for name, value in given.items()})
    except ValidationError as error:
        # "from None": pydantic's own report could repeat a secret
        raise SettingsError("\n".join(_complaints(error))) from None


def sources(env: Mapping[str, str] = os.environ, dotenv: Path = Path(".env")) -> dict[str, str]:
    """Variable → where its value comes from now; raises SettingsError when .env is unreadable."""
    return environment.sources(env, dotenv, _FIELDS)


def config_dir(env: Mapping[str, str] = os.environ, dotenv: Path = Path(".env")) -> Path:
    """Where the YAML is, for commands that need no other setting; it may not exist."""
    given = environment.read(env, dotenv, _FIELDS)
    default = Settings.model_fields["config_dir"].default
    return Path(given.get(f"{PREFIX}CONFIG_DIR", default)).expanduser()


def _complaints(error: ValidationError) -> list[str]:
    variables = {_FIELDS[variable.name]: variable for variable in TABLE}
    return [
        _complaint(variables[str(problem["loc"][0])], missing=problem["type"] == "missing")
        for problem in error.errors()
        if problem["type"] != "default_factory_not_called"  # its model field is reported already
    ]


def _complaint(variable: Variable, *, missing: bool) -> str:
    name, meaning = variable.name, variable.meaning
    sample = f"{name}={meaning.example}"
    if missing:
        return (
            f"缺少设置 {name}：{meaning.zh}，例如 {sample}。"
            f" {name} is missing: {meaning.en}, for example {sample}."
        )
    return (
        f"{name} 的值不对，应为：{meaning.zh}，例如 {sample}。"
        f" {name} is malformed: it should be {meaning.en}, for example {sample}."
    )


def _variable(field: str) -> Variable:
    info = Settings.model_fields[field]
    default = info.default
    if info.is_required() or info.default_factory or default is None:
        shown = ""
    else:
        shown = str(default).removeprefix(f"{PROJECT}/")
    meaning = next(note for note in info.metadata if isinstance(note, Meaning))
    return Variable(PREFIX + field.upper(), meaning, shown, info.is_required())


TABLE: tuple[Variable, ...] = tuple(_variable(field) for field in Settings.model_fields)
_FIELDS = {PREFIX + field.upper(): field for field in Settings.model_fields}
