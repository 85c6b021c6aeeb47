"""A folder becomes what is live: whole, once, and by one publisher at a time."""

import asyncio
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from bot.app import open_shop
from bot.publish import HeadMoved, LiveReleases, decoded, differs, live, publish, read_folder
from bot.store import Store
from bot.store.client import open_client
from config.mistakes import Mistakes
from tests.conftest import Client
from tests.world import open_world

NOW = datetime(2026, 11, 23, 1, tzinfo=UTC)
FILES = {"标签.yaml": "标签:\n  管理: [勿扰]\n"}
OTHER = {"标签.yaml": "标签:\n  管理: [勿扰, 同行]\n"}


@pytest.fixture
async def store(mongo: Client, database: str) -> Store:
    store = Store(mongo, database)
    await store.prepare()
    return store


async def release(store: Store, files: dict[str, str], base: int, **pictures: bytes) -> int:
    n, _ = await publish(store, files, pictures, base=base, author="王芳", note="", now=NOW)
    return n


async def test_each_publication_is_the_next_release(store: Store) -> None:
    assert await release(store, FILES, 0) == 1
    assert await release(store, OTHER, 1) == 2

    assert await store.releases.head() == 2
    assert await store.releases.files(1) == FILES


async def test_who_looked_at_an_older_release_must_look_again(store: Store) -> None:
    await release(store, FILES, 0)
    await release(store, OTHER, 1)

    with pytest.raises(HeadMoved, match="第 1 版之后已经有人发布过了"):
        await release(store, FILES, 1)

    assert await store.releases.files(2) == OTHER
    assert await store.releases.head() == 2


async def test_of_several_at_once_one_publishes(store: Store) -> None:
    folders = [{"标签.yaml": f"标签:\n  管理: [第{n}个]\n"} for n in range(6)]

    outcomes = await asyncio.gather(
        *(release(store, files, 0) for files in folders), return_exceptions=True
    )

    assert outcomes.count(1) == 1
    assert sum(isinstance(one, HeadMoved) for one in outcomes) == 5
    winner = folders[outcomes.index(1)]
    assert await store.releases.files(1) == winner


async def test_what_is_wrong_is_never_live(store: Store) -> None:
    with pytest.raises(Mistakes):
        await release(store, {"a.yaml": "SOP: 关怀\n"}, 0)

    assert await store.releases.head() == 0


async def test_a_picture_alone_makes_a_difference(store: Store) -> None:
    await release(store, FILES, 0, **{"礼.png": b"old"})

    assert not await differs(store, FILES, {"礼.png": b"old"})
    assert await differs(store, FILES, {"礼.png": b"new"})
    assert await store.releases.asset("礼.png") == b"old"


async def test_a_file_that_is_not_utf8_is_a_mistake_with_its_name(tmp_path: Path) -> None:
    (tmp_path / "标签.yaml").write_bytes("标签: {管理: [勿扰]}".encode("gbk"))
    raw, _ = read_folder(tmp_path)

    with pytest.raises(Mistakes) as caught:
        decoded(raw)

    assert [mistake.file for mistake in caught.value.mistakes] == ["标签.yaml"]


async def test_a_folder_is_read_with_its_subfolders_and_pictures(tmp_path: Path) -> None:
    (tmp_path / "图片").mkdir()
    (tmp_path / "图片" / "礼.png").write_bytes(b"png")
    (tmp_path / "标签.yml").write_text(FILES["标签.yaml"])
    (tmp_path / "说明.txt").write_text("不是配置")

    texts, pictures = read_folder(tmp_path)

    assert (list(texts), list(pictures)) == (["标签.yml"], ["图片/礼.png"])


async def test_an_earlier_release_stays_readable(store: Store) -> None:
    releases = LiveReleases(store)
    assert (await releases.head()).n == 0
    await release(store, FILES, 0)
    releases.forget()
    first = await releases.head()
    await release(store, OTHER, 1)
    releases.forget()

    assert (await releases.head()).book.tags == {"管理": ("勿扰", "同行")}
    assert (await releases.get(1)).book is first.book


async def many(store: Store, count: int) -> LiveReleases:
    for n in range(count):
        await release(store, {"标签.yaml": f"标签:\n  管理: [第{n}个]\n"}, n)
    return LiveReleases(store)


async def test_every_release_that_is_asked_for_stays_compiled(store: Store) -> None:
    """However many journeys finish under the release they began with, each its own."""
    releases = await many(store, 20)
    compiled = [await releases.get(n) for n in range(1, 21)]

    again = [await releases.get(n) for n in range(1, 21)]

    assert all(one is other for one, other in zip(compiled, again, strict=True))


async def test_what_nobody_asks_for_any_more_is_forgotten(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(live, "_KEPT_SECONDS", 0.0)
    releases = await many(store, 12)
    first = await releases.get(1)
    for n in range(2, 13):
        last = await releases.get(n)

    assert await releases.get(1) is not first
    assert await releases.get(12) is last


# --- the first start -----------------------------------------------------------------------------


async def test_processes_that_open_the_same_shop_publish_it_once(
    mongo_url: str, database: str, tmp_path: Path
) -> None:
    folder = tmp_path / "shop"
    folder.mkdir()
    (folder / "标签.yaml").write_text(FILES["标签.yaml"])
    async with open_world(mongo_url, database, tmp_path) as world:
        settings = world.ctx.settings.model_copy(update={"config_dir": folder})
        ctx = replace(world.ctx, settings=settings)

        async def a_process() -> None:
            async with open_client(mongo_url) as client:
                store = Store(client, database)
                await open_shop(replace(ctx, store=store, releases=LiveReleases(store)))

        await asyncio.gather(*(a_process() for _ in range(4)))

        assert await world.store.releases.head() == 1
        rows: Any = world.store.db["releases"]
        assert await rows.count_documents({"base": 0}) == 1


async def test_a_folder_spoilt_later_does_not_stop_a_restart(
    mongo_url: str, database: str, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    folder = tmp_path / "shop"
    folder.mkdir()
    (folder / "标签.yaml").write_text(FILES["标签.yaml"])
    async with open_world(mongo_url, database, tmp_path) as world:
        settings = world.ctx.settings.model_copy(update={"config_dir": folder})
        ctx = replace(world.ctx, settings=settings)
        await open_shop(ctx)
        (folder / "标签.yaml").write_bytes(b"\xff\xfe")

        await open_shop(ctx)

        assert await world.store.releases.head() == 1
        assert "配置文件夹和线上第 1 版不同" in caplog.text
