"""A pretend WeCom; shares no code with the bot, so neither hides the other's mistakes."""
