# Home Assistant answers `import voluptuous` with its own engine.
from probatio import *
