"""How long a file nobody should have written takes to be refused: `python bench/guards.py`.

Every row but the last three must stay under 50 ms: those are well-formed files of the largest size
allowed in which every line is wrong, and they have to be read like any other.
"""

import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path
from time import perf_counter

sys.path.insert(0, str(Path(__file__).parents[1]))

from config.loader import load_folder
from config.mistakes import Mistakes

LIMIT_MS = 50
WIDE = 19_000  # just under the longest line
TALL = 5_900  # just under the longest file


def bomb() -> str:
    rows = [f"a{n}: &a{n} [*a{n - 1}, *a{n - 1}]" for n in range(1, 30)]
    return "\n".join(["a0: &a0 [x, x]", *rows])


def attacks() -> Mapping[str, bytes | str]:
    return {
        "alias bomb": bomb(),
        "10 MB of comment": b"#" * 10_000_000,
        "10 MB in one line": b"SOP: " + b"x" * 10_000_000,
        "10 MB of lines": b"a: b\n" * 2_000_000,
        "PNG": b"\x89PNG\r\n\x1a\n" + bytes(range(256)) * 500,
        "zeros": b"\0" * 200_000,
        "NUL in a text": "SOP: 新客\0\n",
        "GBK": "规则: 全局\n".encode("gbk") * 10_000,
        "UTF-16": "规则: 全局\n".encode("utf-16") * 5_000,
        "UTF-16 without mark": "规则: 全局\n".encode("utf-16-le") * 5_000,
        "UTF-8 with a broken byte": "规则: 全局\n".encode() * 5_000 + b"\xff",
        "tag": "SOP: !!python/object/apply:os.system [echo]",
        "deep [": "SOP: " + "[" * WIDE,
        "deep [ over lines": "[\n" * TALL,
        "deep {": "{a: " * (WIDE // 4),
        "deep -": "- " * (WIDE // 2),
        "deep block": "\n".join(" " * n + "a:" for n in range(600)),
        "deep block of lists": "\n".join("  " * n + "-" for n in range(300)),
        "wide list": "SOP: [" + "x, " * (WIDE // 3) + "]",
        "wide list over lines": "SOP: [\n" + "x, x, x,\n" * TALL + "]",
        "flat keys": "".join(f"k{n}: b\n" for n in range(TALL)),
        "one line": "SOP: " + "x" * WIDE,
        "colons": "SOP: " + "x:" * (WIDE // 2),
        "full-width colons": "状态：" + "：" * WIDE,
        "full-width colon in each line": "SOP: x\n" + "状态：启用\n" * TALL,
        "spaces": " " * WIDE + "SOP:",
        "dashes": "-" * WIDE,
        "dashes and spaces": "- " * (WIDE // 2) + "\n" + "-  " * (WIDE // 3),
        "comment far away": "SOP: @a" + "  " * (WIDE // 2) + "b",
        "comments": "SOP: @a" + " #" * (WIDE // 2),
        "key far from its colon": "a" + " " * WIDE + "：b",
        "quotes": 'SOP: "' + 'x"' * (WIDE // 2),
        "open quote": 'SOP: "' + "x\n" * TALL,
        "open brace": "SOP: {a" + " " * WIDE,
        "percent": "%" * WIDE,
        "tabs": "\t" * WIDE + "a: b",
        "variables": "素材: a\n类型: 文字\n文案: " + "{x}" * (WIDE // 3),
        "open variables": "素材: a\n类型: 文字\n文案: " + "{" * WIDE,
        "block scalar": "SOP: |\n" + "  x\n" * TALL,
    }


def thousands() -> Mapping[str, str]:
    """Well-formed, and everything in it is wrong."""
    steps = "".join(f"  - 步骤: s{n}\n    何是: 3\n" for n in range(950))
    tags = "".join(f"  - 步骤: s{n}\n    打标签: t{n}\n" for n in range(950))
    head = "SOP: x\n负责人: a\n对象: 客户\n进入: {当: 下单}\n步骤:\n"
    return {
        "1,900 misspelt keys": head + steps,
        "950 unknown tags": head + tags,
        "1,450 documents": "---\n".join(f"素材: m{n}\n类型: 文字\n文按: x\n" for n in range(1_450)),
    }


def refused_ms(content: bytes | str) -> tuple[float, str]:
    """The best of three, and the first sentence."""
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "x.yaml"
        file.write_bytes(content.encode() if isinstance(content, str) else content)
        times, said = [], "NOT REFUSED"
        for _ in range(3):
            start = perf_counter()
            try:
                load_folder(Path(folder))
            except Mistakes as mistakes:
                said = mistakes.mistakes[0].text
            times.append((perf_counter() - start) * 1000)
    return min(times), said


def main() -> int:
    refused_ms("SOP: x")  # the models are built once
    slow = 0
    for limited, rows in ((True, attacks()), (False, thousands())):
        for name, content in rows.items():
            ms, said = refused_ms(content)
            late = limited and (ms > LIMIT_MS or said == "NOT REFUSED")
            slow += late
            print(f"{'✗' if late else ' '} {ms:8.1f} ms  {name:32}{said[:60]}")
    return 1 if slow else 0


if __name__ == "__main__":
    sys.exit(main())
