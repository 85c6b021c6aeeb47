"""When something happens: one file per family of events, one function per event."""

from bot.router import Router
from handlers import business, contacts, groups, messages, staff, tags, task_cards

router = Router()
router.include(
    business.router,
    contacts.router,
    groups.router,
    messages.router,
    staff.router,
    tags.router,
    task_cards.router,
)
