class Indirect[T]:
    value: T

plugin_dirs: Indirect[list[str]]
