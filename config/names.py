"""Which names a folder declares, and which are used without being declared."""

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from config.book import tag_matches
from config.documents import Document, Folder
from config.explain import Found
from config.guess import closest, named_alike, several
from config.kinds import KINDS
from config.reading import Items, Map, Text, Use
from config.variables import Variable, with_declared

_ONLY_ONE = ("团队", "规则")
_DECLARED_BY = {
    "SOP": ("SOP",),
    "渠道": ("渠道",),
    "KOC体系": ("体系", "阶段"),
    "打法": (),
    "激励": (),
    "培训": (),
    "问卷": ("问卷",),
    "项目": (),
    "测试": (),
    "素材": ("素材",),
    "栏目": ("栏目",),
    "主题群": ("主题", "主题群", "可选主题"),
    "团队": ("员工", "角色", "门店", "接收人", "接收人或部门", "店长"),
    "标签": ("标签", "标签组"),
    "规则": ("催办", "客户属性"),
}
_SHORTER = {"主题群": "主题", "KOC体系": "体系"}
_POSITIONS = ("跟进人", "群主", "店长", "follower", "group owner", "shop manager")


@dataclass(slots=True)
class Names:
    """Every name declared in the folder, by kind."""

    declared: dict[str, dict[str, str]] = field(default_factory=dict)
    """Kind → name → "file:line" of its first declaration."""
    tags: dict[str, list[str]] = field(default_factory=dict)
    files: frozenset[str] | None = None
    """Pictures and other files; None: not known, as when only texts are read."""

    unsure: set[str] = field(default_factory=set)
    """Kinds whose declarations could not be read: nothing is said about their names."""

    def of(self, *kinds: str) -> list[str]:
        return [name for kind in kinds for name in self.declared.get(kind, {})]

    @property
    def variables(self) -> Mapping[str, Variable] | None:
        """What texts may name; None when a file that may declare more could not be read."""
        if self.unsure & {"标签组", "客户属性"}:
            return None
        return with_declared((*self.tags, *self.of("客户属性")))


def model_name(document: Document) -> str:
    """The kind, with pickers apart from themes."""
    picks = "选择" in document.root or "choices" in document.root
    return "分群" if document.kind == "主题群" and picks else document.kind


def declared_names(folder: Folder) -> Names:
    """What is declared, by valid and invalid documents alike; the same name twice is a mistake."""
    names = Names(files=folder.files)
    for name in folder.unreadable:
        names.unsure.update(_DECLARED_BY.get(KINDS.get(name, ""), _LOOKS))
    for document in folder.documents:
        if document.kind == "标签":
            _declare_tags(document, names, folder)
            continue
        kind = _SHORTER.get(model_name(document), model_name(document))
        _declare(kind, document, names, folder)
        if kind == "主题" and ("选群页" in document.root or "join_page" in document.root):
            names.declared.setdefault("可选主题", {})[document.name] = "主题群"
        if document.kind == "团队":
            _declare_team(document.root, names)
        if document.kind == "规则":
            root = document.root
            _declare_keys("催办", root.get("催办", root.get("ladders")), names)
            _declare_keys("客户属性", root.get("客户属性", root.get("attributes")), names)
        if document.kind == "KOC体系":
            _declare_stages(document, names)
    return names


def _declare(kind: str, document: Document, names: Names, folder: Folder) -> None:
    """Themes and pickers share their names, because SOPs use both alike."""
    shared = ("主题", "分群") if kind in ("主题", "分群") else (kind,)
    place = document.root.keys_at[next(iter(document.root))]
    name = kind if kind in _ONLY_ONE else document.name
    first = next((names.declared[k][name] for k in shared if name in names.declared.get(k, {})), "")
    if first and name:
        what = f"“{kind}”只能写一份" if kind in _ONLY_ONE else f"{document.kind}“{name}”重复了"
        found = Found(place, f"{what}（{first} 已经写过）", "删掉一份，或改个名字")
        folder.note_in(document, found)
    where = f"{document.file} 第 {place.line} 行"
    names.declared.setdefault(kind, {}).setdefault(name, where)


def _declare_tags(document: Document, names: Names, folder: Folder) -> None:
    groups = next(iter(document.root.values()))
    if not isinstance(groups, Map):
        return
    for group, members in groups.items():
        if group in names.tags:
            found = Found(groups.keys_at[group], f"标签组“{group}”重复了", "把标签合并到一处")
            folder.note_in(document, found)
        own = names.tags.setdefault(group, [])
        for tag in members if isinstance(members, Items) else ():
            if isinstance(tag, Text) and str(tag) in own:
                folder.note(
                    document.file, document.lines, Found(tag.at, f"标签“{tag}”写了两次", "删掉一个")
                )
            elif isinstance(tag, Text):
                own.append(str(tag))


def _declare_team(root: Map, names: Names) -> None:
    for kind, chinese, english in (("员工", "人员", "people"), ("角色", "角色", "roles")):
        _declare_keys(kind, root.get(chinese, root.get(english)), names)
    for shop in root.get("门店", root.get("shops")) or ():
        if isinstance(shop, Map) and (name := shop.get("门店", shop.get("shop"))):
            names.declared.setdefault("门店", {})[str(name)] = "团队"


def _declare_stages(document: Document, names: Names) -> None:
    for stage in document.root.get("阶段", document.root.get("stages")) or ():
        if isinstance(stage, Map) and (name := stage.get("阶段", stage.get("stage"))):
            names.declared.setdefault("阶段", {})[f"{document.name}/{name}"] = "KOC体系"


def _declare_keys(kind: str, block: Any, names: Names) -> None:
    for name in block if isinstance(block, Map) else ():
        names.declared.setdefault(kind, {})[name] = kind


def trial_names(documents: Iterable[Document]) -> Iterator[tuple[Document, Found]]:
    """Experiments are known by their name alone, so two of one name would mix."""
    first: dict[str, str] = {}
    for document in documents:
        for use in document.reading.uses:
            if use.kind != "试验名":
                continue
            if use.name in first:
                text = f"试验名“{use.name}”重复了（{first[use.name]} 已用过）"
                yield document, Found(use.at, text, f"改个名字，例如“{use.name}-2”")
            first.setdefault(use.name, f"{document.file} 第 {use.at.line} 行")


def wrong_name(use: Use, names: Names) -> Found | None:
    """The mistake of using a name nobody declared."""
    look = _LOOKS.get(use.kind)
    return look(use, names) if look and use.kind not in names.unsure else None


def _among(kind: str, *declared: str, where: str) -> Callable[[Use, Names], Found | None]:
    def look(use: Use, names: Names) -> Found | None:
        options = names.of(*(declared or (kind,)))
        return None if use.name in options else _not_found(kind, use, options, where)

    return look


def _not_found(kind: str, use: Use, options: Collection[str], where: str) -> Found:
    text = f"找不到{kind}“{use.name}”"
    if alike := named_alike(use.name, options):
        return Found(use.at, text, f"登记的写法是“{alike}”，照着写")
    parts = [named_alike(part, options) or part for part in several(use.name)]
    if any(part in options for part in parts):
        cure = f"这是 {len(parts)} 个，用英文方括号和逗号分开：[{', '.join(parts)}]"
        return Found(use.at, text, cure)
    if near := closest(use.name, options):
        return Found(use.at, text, f"是不是“{near}”？如果是新的，请先在{where}里登记")
    some = "、".join(list(options)[:8]) + ("…" if len(options) > 8 else "")
    known = f"；已登记的有：{some}" if some else ""
    return Found(use.at, text, f"请先在{where}里登记{known}")


def _tag(use: Use, names: Names) -> Found | None:
    found = tag_matches(names.tags, use.name)
    if len(found) == 1:
        return None
    if found:
        cure = f"写清是哪一组：{'、'.join(found)}"
        return Found(use.at, f"标签“{use.name}”在 {len(found)} 个标签组里都有", cure)
    full = "/" in use.name
    options = [f"{g}/{t}" if full else t for g, members in names.tags.items() for t in members]
    return _not_found("标签", use, options, "“标签”文件")


def _tag_group(use: Use, names: Names) -> Found | None:
    if use.name in names.tags:
        return None
    return _not_found("标签组", use, list(names.tags), "“标签”文件")


def _stage(use: Use, names: Names) -> Found | None:
    """``use.name`` is "体系/阶段"; about a 体系 nobody declared enough is said already."""
    system, _, stage = use.name.partition("/")
    stages = [name.partition("/")[2] for name in names.of("阶段") if name.startswith(f"{system}/")]
    if stage in stages or system not in names.of("体系"):
        return None
    near = closest(stage, stages)
    guess = f"是不是“{near}”？" if near else ""
    return Found(use.at, f"体系“{system}”没有阶段“{stage}”", f"{guess}阶段有：{'、'.join(stages)}")


def _receiver(use: Use, names: Names) -> Found | None:
    if use.name in _POSITIONS or use.name in names.of("员工"):
        return None
    head, slash, role = use.name.partition("/")
    if slash and head in ("角色", "role"):
        if role in names.of("角色"):
            return None
        return _not_found("角色", Use("角色", role, use.at), names.of("角色"), "“团队”文件的“角色”")
    if slash and head in ("部门", "department"):
        text = f"“{use.name}”是一群人，这里要写一个人"
        return Found(use.at, text, "写跟进人、群主、店长、角色/名称，或员工姓名")
    options = [*_POSITIONS[:3], *names.of("员工"), *(f"角色/{r}" for r in names.of("角色"))]
    near = closest(use.name, options)
    guess = f"是不是“{near}”？" if near else ""
    text = f"找不到接收人“{use.name}”"
    return Found(
        use.at, text, f"{guess}可以写：跟进人、群主、店长、角色/名称，或“团队”文件里的姓名"
    )


def _readers(use: Use, names: Names) -> Found | None:
    """As a receiver, or everybody of a shop's department."""
    head, slash, shop = use.name.partition("/")
    if slash and head in ("部门", "department"):
        return _LOOKS["门店"](Use("门店", shop, use.at), names)
    return _receiver(use, names)


def _manager(use: Use, names: Names) -> Found | None:
    if use.name in ("部门负责人", "department leader"):
        return None
    return _LOOKS["员工"](use, names)


def _file(use: Use, names: Names) -> Found | None:
    if names.files is None or use.name in names.files:
        return None
    near = closest(use.name, names.files)
    guess = f"是不是“{near}”？" if near else ""
    return Found(use.at, f"找不到文件“{use.name}”", f"{guess}把文件放进配置文件夹，再写它的位置")


_LOOKS: Mapping[str, Callable[[Use, Names], Found | None]] = {
    "素材": _among("素材", where="素材文件"),
    "栏目": _among("栏目", where="“栏目”文件"),
    "主题": _among("主题", where="“主题群”文件"),
    "主题群": _among("主题群", "主题", "分群", where="“主题群”文件"),
    "门店": _among("门店", where="“团队”文件的“门店”"),
    "员工": _among("员工", where="“团队”文件的“人员”"),
    "催办": _among("催办规则", "催办", where="“全局规则”的“催办”"),
    "渠道": _among("渠道", where="“渠道”文件"),
    "体系": _among("KOC体系", "体系", where="“KOC体系”文件"),
    "阶段": _stage,
    "客户属性": _among("客户属性", where="“全局规则”的“客户属性”"),
    "SOP": _among("SOP", where="“SOP”文件"),
    "标签": _tag,
    "标签组": _tag_group,
    "接收人": _receiver,
    "接收人或部门": _readers,
    "店长": _manager,
    "文件": _file,
}
