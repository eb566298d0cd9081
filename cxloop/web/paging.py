"""Where one is in a list."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Paging:
    """How many there are in all, which page this is, and how many stand on one."""

    total: int
    page: int
    size: int

    @property
    def pages(self) -> int:
        """How many pages there are; an empty list has one."""
        return max(1, -(-self.total // self.size))
