"""Pictures and other values for tests by name, each made when a test first asks for it."""

from collections.abc import Callable, Iterator, Mapping


class Made[K, V](Mapping[K, V]):
    """Values of recipes; iterating, as a parametrization does, makes none.

    All workers of pytest import all test modules: what a module makes while it is imported is made by
    each of them, though one of them runs the tests.
    """

    def __init__(self, recipes: Mapping[K, Callable[[], V]]) -> None:
        self._recipes = dict(recipes)
        self._values: dict[K, V] = {}

    def __getitem__(self, key: K) -> V:
        if key not in self._values:
            self._values[key] = self._recipes[key]()
        return self._values[key]

    def __iter__(self) -> Iterator[K]:
        return iter(self._recipes)

    def __len__(self) -> int:
        return len(self._recipes)
