"""Everything put together, headless: one asyncio loop in one plain thread, no QObject in it."""
