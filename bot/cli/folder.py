"""The commands about a folder of YAML alone; they need neither network nor database."""

import typer

from bot.cli.terminal import AsJson, Folder, folder_of, say, show_mistakes
from config.loader import load_folder
from config.mistakes import Mistakes


def check(
    folder: Folder = None,
    as_json: AsJson = False,
) -> None:
    """检查配置文件夹，一次列出所有错误；不需要网络和数据库。"""
    try:
        book = load_folder(folder_of(folder))
    except Mistakes as found:
        show_mistakes(found.mistakes, as_json=as_json)
        raise typer.Exit(1) from None
    show_mistakes(book.reminders, as_json=as_json)
    if not as_json:
        say(f"没有错误：{len(book.sops)} 个 SOP，{len(book.materials)} 个素材", "green")
