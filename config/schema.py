"""JSON Schema (draft 2020-12) of a folder with its own names, for completion in editors.

Made from the same models as the checker, by way of config/grammar.py.
"""

from collections.abc import Iterable, Mapping
from typing import Any, Final

from config.catalogue import Catalogue
from config.grammar import documents, entries_of, keys_of
from config.materials import AnyMaterial
from config.reading import Strict
from config.shapes import (
    Block,
    Either,
    Fixed,
    Key,
    Many,
    Name,
    OneKey,
    Plain,
    Shape,
    Spelt,
    Table,
)
from config.spelling import Language, Phrase, PhraseTable

DRAFT: Final = "https://json-schema.org/draft/2020-12/schema"
Schema = dict[str, Any]
_TEXT: Schema = {"type": "string"}
#: Names that live inside one SOP, which a schema cannot look into.
_WITHIN_ONE_SOP = {"步骤名", "任务结果", "试验名", "用例按钮", "项目节点"}
_SHORTER = {"主题": "主题", "任务步骤": "步骤名", "用例步骤": "步骤名", "店长": "员工"}
_TITLES: Final[Mapping[Language, str]] = {"zh": "群策（中文）", "en": "Qunce (English)"}


def schema(names: Catalogue, language: Language = "zh") -> Schema:
    """Of all kinds of documents, with the folder's names; keys in one language."""
    return _Maker(names, language).whole()


class _Maker:
    def __init__(self, names: Catalogue, language: Language) -> None:
        self._names = names
        self._language = language
        self._defs: dict[str, Schema] = {}

    def whole(self) -> Schema:
        return {
            "$schema": DRAFT,
            "title": _TITLES[self._language],
            "type": "object",
            "anyOf": [self._block(model) for kind in documents() for model in documents()[kind]],
            "$defs": dict(sorted(self._defs.items())),
        }

    def _block(self, model: type[Strict]) -> Schema:
        """A reference; the block itself stands once in $defs."""
        name = self._title(model)
        if name not in self._defs:
            self._defs[name] = {}  # it may hold itself
            self._defs[name] = self._written_out(model)
        return {"$ref": f"#/$defs/{name}"}

    def _title(self, model: type[Strict]) -> str:
        return f"{model.block}·{model.__name__}"

    def _written_out(self, model: type[Strict]) -> Schema:
        keys = keys_of(model)
        made: Schema = {"type": "object", "additionalProperties": False}
        made["properties"] = {self._key(key): self._explained(key, model) for key in keys}
        if required := [self._key(key) for key in keys if key.required]:
            made["required"] = required
        return made

    def _key(self, key: Key) -> str:
        return key.chinese if self._language == "zh" else key.english

    def _explained(self, key: Key, model: type[Strict]) -> Schema:
        shape = key.shape
        if key.chinese == "类型" and issubclass(model, AnyMaterial):
            shape = _only(shape, model)
        made = self._of(shape)
        if key.chinese in model.may_be_empty:
            made = {"anyOf": [{"type": "null"}, made]}
        if key.says and "$ref" not in made:
            made = {"description": _says(key)} | made
        elif key.says:
            made = {"description": _says(key), "allOf": [made]}
        if key.default and self._language == "zh":
            made["default"] = key.default
        return made

    def _of(self, shape: Shape) -> Schema:
        match shape:
            case Fixed(words):
                return {"enum": [zh if self._language == "zh" else en for zh, en in words]}
            case Name(kind):
                return self._named(kind)
            case Spelt(phrase):
                return self._phrase(phrase)
            case Plain(kind, limits):
                return _plain(kind, dict(limits))
            case Many():
                return self._many(shape)
            case Table(keys, values):
                made = {"type": "object", "additionalProperties": self._of(values)}
                return made | ({} if isinstance(keys, Plain) else {"propertyNames": self._of(keys)})
            case PhraseTable(keys, values):
                return self._phrase_table(keys, values)
            case Block(model):
                return self._block(model)
            case OneKey(name):
                return self._one_key(name)
            case Either(options):
                return _any_of([self._of(option) for option in _told_apart(options)])

    def _many(self, many: Many) -> Schema:
        item = self._of(many.item)
        made: Schema = {"type": "array", "items": item}
        if many.least:
            made["minItems"] = many.least
        if many.most:
            made["maxItems"] = many.most
        return _any_of([item, made]) if many.alone else made

    def _phrase(self, phrase: Phrase) -> Schema:
        if phrase.name not in self._defs:
            examples = phrase.examples(self._language)
            self._defs[phrase.name] = {
                "type": ["string", "integer"] if _is_number(phrase) else "string",
                "description": f"{phrase.name}：{'｜'.join(examples[:12])}",
                "pattern": phrase.pattern(self._language),
                "examples": examples,
            }
        return {"$ref": f"#/$defs/{phrase.name}"}

    def _phrase_table(self, keys: Phrase, values: Phrase) -> Schema:
        return {
            "type": "object",
            "properties": {key: self._phrase(values) for key in keys.examples(self._language)},
            "patternProperties": {keys.pattern(self._language): self._phrase(values)},
            "additionalProperties": False,
        }

    def _one_key(self, name: str) -> Schema:
        if name not in self._defs:
            self._defs[name] = {}
            self._defs[name] = self._entries(name)
        return {"$ref": f"#/$defs/{name}"}

    def _entries(self, name: str) -> Schema:
        """What has numbers in it is offered with an example and accepted with any number."""
        properties, patterns = {}, {}
        for entry in entries_of(name):
            value = self._of(entry.value)
            if entry.says:
                value = {"description": entry.says, "allOf": [value]}
            for example in entry.key.examples(self._language):
                properties[example] = value
            if any("[" in spelling.chinese for spelling in entry.key.spellings):
                patterns[entry.key.pattern(self._language)] = value
        made: Schema = {"type": "object", "minProperties": 1, "maxProperties": 1}
        made |= {"properties": properties, "additionalProperties": False}
        return made | ({"patternProperties": patterns} if patterns else {})

    def _named(self, kind: str) -> Schema:
        if kind in _WITHIN_ONE_SOP:
            return dict(_TEXT)
        if kind not in self._defs:
            known = list(self._names.get(_SHORTER.get(kind, kind), ()))
            if kind == "标签":
                known += _bare_tags(known)
            if kind == "店长" and known:
                known.append("部门负责人" if self._language == "zh" else "department leader")
            if self._language == "en":
                known = [_RECEIVERS_EN.get(name, name.replace("角色/", "role/")) for name in known]
            described = f"{kind}：文件夹里登记的名字，由 qunce schema 生成"
            self._defs[kind] = {"type": "string", "description": described}
            if known:
                self._defs[kind]["enum"] = list(dict.fromkeys(known))
        return {"$ref": f"#/$defs/{kind}"}


_RECEIVERS_EN = {"跟进人": "follower", "群主": "group owner", "店长": "shop manager"}


def _bare_tags(full: Iterable[str]) -> list[str]:
    """新客-满意 for 新客/新客-满意, where no other group has one of that name."""
    bare = [tag.partition("/")[2] for tag in full]
    return [tag for tag in bare if bare.count(tag) == 1]


def _told_apart(options: Iterable[Shape]) -> list[Shape]:
    """Everybody who may receive something is known by name: 角色/… need no pattern."""
    each = list(options)
    people = [option for option in each if isinstance(option, Name) and "接收人" in option.kind]
    return [*people] or each


def _is_number(phrase: Phrase) -> bool:
    """800 for 800人."""
    return phrase.spellings[0].english == "[count]"


def _only(shape: Shape, model: type[Strict]) -> Shape:
    """The one 类型 of a model of materials."""
    do = str(model.model_fields["do"].annotation)
    words = shape.words if isinstance(shape, Fixed) else ()
    return Fixed(tuple(pair for pair in words if f"'{pair[0]}'" in do))


def _says(key: Key) -> str:
    return f"{key.says}（必填）" if key.required else key.says


def _any_of(options: list[Schema]) -> Schema:
    return options[0] if len(options) == 1 else {"anyOf": options}


def _plain(kind: str, limits: Mapping[str, Any]) -> Schema:
    """Numbers and dates come as texts or as what YAML makes of them."""
    match kind:
        case "数字":
            made: Schema = {"type": ["integer", "string"], "pattern": r"^\d+ ?[^\d\s]*$"}
            for limit, name in (("ge", "minimum"), ("le", "maximum")):
                if limit in limits:
                    made[name] = limits[limit]
            return made
        case "日期":
            return {"type": "string", "pattern": r"^\d{4}-\d\d-\d\d$", "examples": ["2026-10-01"]}
        case "不写":
            return {"type": ["null", "boolean"]}
    made = {"type": ["string", "number", "boolean"]}
    for limit, name in (("min_length", "minLength"), ("max_length", "maxLength")):
        if limit in limits:
            made[name] = limits[limit]
    return made | ({"pattern": limits["pattern"]} if "pattern" in limits else {})
