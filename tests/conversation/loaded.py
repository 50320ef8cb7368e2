"""What `bot serve` imports, before it reads a setting or starts a thread; for the fork server."""

from bot.cli import quiet

quiet()

import actions  # noqa: E402, F401
import bot.channels.run  # noqa: E402
import bot.channels.server  # noqa: E402
import bot.engine.assistant  # noqa: E402, F401
import tests.conversation.preloaded  # noqa: E402, F401
