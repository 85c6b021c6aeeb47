"""When something happens: one file per family of events, one function per event."""

from bot.router import Router
from handlers import (
    acquisition,
    business,
    contacts,
    groups,
    messages,
    staff,
    tags,
    task_cards,
    task_pages,
)

router = Router()
router.include(
    acquisition.router,
    business.router,
    contacts.router,
    groups.router,
    messages.router,
    staff.router,
    tags.router,
    task_cards.router,
    task_pages.router,
)
