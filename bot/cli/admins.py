"""``qunce init-admin``: somebody who can sign in to the console while WeCom cannot be reached."""

import asyncio
from typing import Annotated

import typer

from bot.app import machine_now, open_context
from bot.cli.terminal import complain, say
from bot.store.sign_ins import Admin
from config import settings as deployment
from console.rights import of_admin
from console.sign_in import hashed

SHORTEST = 12

_NAME = Annotated[str, typer.Argument(help="登录用的名字")]


def init_admin(name: _NAME = "admin") -> None:
    """建一个本机管理员（或换密码）：企业微信登录用不了时救急。密码从终端或标准输入读。"""
    settings = deployment.load()
    password = typer.prompt(f"{name} 的密码（至少 {SHORTEST} 个字符）", hide_input=True)
    if len(password) < SHORTEST:
        complain(f"密码太短：至少 {SHORTEST} 个字符", 2)
    asyncio.run(_keep(settings, name, password))
    say(f"管理员“{name}”已建好，以前的登录都已退出。在后台的登录页用这个名字和密码登录。")


async def _keep(settings: deployment.Settings, name: str, password: str) -> None:
    """A changed password signs the name out everywhere."""
    async with open_context(settings) as ctx:
        admin = Admin(id=name, password_hash=hashed(password), made_at=machine_now())
        await ctx.store.admins.keep(admin)
        await ctx.store.sessions.end_of(of_admin(name).user)
