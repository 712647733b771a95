"""Reading the journal: the window, the kinds, whose acts, which assets, which words. Blocks: on a worker thread."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from energy_console.historian.interface import Event, Historian
from energy_console.journal.entry import Entry, concerns, entry_of, with_replacements

AT_ONCE = 2000
ALWAYS_NS = (0, 2**62)


@dataclass(frozen=True, slots=True)
class JournalQuestion:
    """`kinds`, `who`, `assets` and `words` each narrow it down; empty ones do not. `words`: every one must be there.

    `replaced`: also notes that a newer one was written over.
    """

    start_ns: int = ALWAYS_NS[0]
    end_ns: int = ALWAYS_NS[1]
    kinds: tuple[str, ...] = ()
    who: str = ""
    assets: frozenset[str] = frozenset()
    words: tuple[str, ...] = ()
    replaced: bool = False
    limit: int = 500

    def fits(self, entry: Entry) -> bool:
        """Whether an entry of the window is asked for."""
        if entry.replaced_by and not self.replaced:
            return False
        if self.who and self.who.casefold() not in entry.who.casefold():
            return False
        if self.assets and not concerns(entry.source, self.assets):
            return False
        told = f"{entry.text} {entry.source} {entry.who}".casefold()
        return all(word.casefold() in told for word in self.words)


def read_journal(historian: Historian, question: JournalQuestion) -> list[Entry]:
    """The newest entries that fit, newest first, at most `limit`. Raises StoreError."""
    found: list[Entry] = []
    for page in _pages(historian, question):  # a note written anew keeps its time: both are on one page
        found += [entry for entry in with_replacements([*map(entry_of, page)]) if question.fits(entry)]
        if len(found) >= question.limit:
            break
    return found[: question.limit]


def _pages(historian: Historian, question: JournalQuestion) -> Iterator[list[Event]]:
    """Events of the window, newest first, a part at a time; those of one time are never torn apart."""
    end_ns, at_once = question.end_ns, AT_ONCE
    while True:
        events = historian.events(question.start_ns, end_ns, question.kinds, at_once)
        if len(events) < at_once:
            yield events
            return
        last_ns = events[-1].time_ns
        whole = [event for event in events if event.time_ns > last_ns]
        if not whole:  # all at one time: a larger part shows what is before it
            at_once *= 4
            continue
        yield whole
        end_ns, at_once = last_ns + 1, AT_ONCE


def next_time_ns(
    historian: Historian, after_ns: int, until_ns: int, kinds: Sequence[str] = (), *, urgent: bool = False
) -> int | None:
    """When the next entry after a moment came; `urgent`: of alarms only their being raised. None: there is none."""
    step_ns = 600 * 10**9
    start_ns = after_ns + 1
    while start_ns < until_ns:
        end_ns = min(start_ns + step_ns, until_ns)
        if times := [event.time_ns for event in _wanted(historian, start_ns, end_ns, kinds, urgent)]:
            return min(times)
        start_ns, step_ns = end_ns, step_ns * 4
    return None


def last_time_ns(
    historian: Historian, before_ns: int, since_ns: int, kinds: Sequence[str] = (), *, urgent: bool = False
) -> int | None:
    """When the last entry before a moment came, not before `since_ns`."""
    step_ns = 600 * 10**9
    end_ns = before_ns
    while end_ns > since_ns:
        start_ns = max(end_ns - step_ns, since_ns)
        if times := [event.time_ns for event in _wanted(historian, start_ns, end_ns, kinds, urgent)]:
            return max(times)
        end_ns, step_ns = start_ns, step_ns * 4
    return None


def _wanted(historian: Historian, start_ns: int, end_ns: int, kinds: Sequence[str], urgent: bool) -> Iterator[Event]:
    events = historian.events(start_ns, end_ns, kinds, 100_000)
    return (event for event in events if not urgent or event.data.get("state", "new") == "new")
