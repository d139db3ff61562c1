"""The processor time and memory of a benchmark's processes, and of all others on the machine."""

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass

import psutil

MAX_FOREIGN_SHARE = 0.10
"""The share of the processors that other processes may use during a measurement."""
_INTERVAL = 1.0
_MIB = 1024 * 1024


@dataclass(frozen=True, kw_only=True)
class Usage:
    """The processor time (seconds, user and system) and memory (MiB) that a process has used."""

    cpu: float
    memory: float


def usage_of(pid: int) -> Usage:
    """Return the usage of a running process and its children."""
    family = [psutil.Process(pid), *psutil.Process(pid).children(recursive=True)]
    return Usage(
        cpu=sum(_seconds(process) for process in family),
        memory=sum(process.memory_info().rss for process in family) / _MIB,
    )


def milliseconds_each(
    before: Mapping[str, Usage], after: Mapping[str, Usage], count: int
) -> dict[str, float]:
    """Return the processor milliseconds of each process per operation, for `count` operations."""
    return {name: (after[name].cpu - before[name].cpu) * 1000 / count for name in before}


@dataclass(kw_only=True)
class Load:
    """The processor seconds on all cores during a measurement: available, used by us, and by others."""

    available: float = 0
    own: float = 0
    foreign: float = 0

    def add(self, *, available: float, busy: float, own: float) -> None:
        """Add an interval: the seconds available and busy on all cores, and those of our processes."""
        self.available += available
        self.own += own
        self.foreign += max(0.0, busy - own)

    @property
    def foreign_share(self) -> float:
        """The share of the processors that other processes used."""
        return self.foreign / self.available if self.available else 0.0

    @property
    def is_quiet(self) -> bool:
        """Whether the figures of this measurement may be reported."""
        return self.foreign_share <= MAX_FOREIGN_SHARE


@asynccontextmanager
async def measured_load() -> AsyncIterator[Load]:
    """Yield the load, which is updated every second until the block ends."""
    load = Load()
    watching = asyncio.create_task(_watch(load))
    try:
        yield load
    finally:
        watching.cancel()
        with suppress(asyncio.CancelledError):
            await watching


async def _watch(load: Load) -> None:
    total, busy, own = *_machine(), _own()
    while True:
        await asyncio.sleep(_INTERVAL)
        new_total, new_busy, new_own = *_machine(), _own()
        # A process that ended in between took its time with it: `own` never decreases.
        ours = sum(max(0.0, new_own[pid] - own.get(pid, 0.0)) for pid in new_own)
        load.add(available=new_total - total, busy=new_busy - busy, own=ours)
        total, busy, own = new_total, new_busy, new_own


def _machine() -> tuple[float, float]:
    times = psutil.cpu_times()
    # Time that the hypervisor gave to other machines is foreign: it is not idle.
    idle = times.idle + getattr(times, "iowait", 0.0)
    total = sum(times) - getattr(times, "guest", 0.0) - getattr(times, "guest_nice", 0.0)
    return total, total - idle


def _own() -> dict[int, float]:
    family = [psutil.Process(), *psutil.Process().children(recursive=True)]
    seconds: dict[int, float] = {}
    for process in family:
        with suppress(psutil.NoSuchProcess):
            seconds[process.pid] = _seconds(process)
    return seconds


def _seconds(process: psutil.Process) -> float:
    times = process.cpu_times()
    return float(times.user + times.system)
