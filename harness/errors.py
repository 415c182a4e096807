"""Every error the harness raises on purpose: `UserError` exits with 2, `RunError` with 1.

`OutOfTime` exits with 3.
"""


class HarnessError(Exception):
    """Something went wrong that the harness can explain in one sentence."""

    exit_code = 1


class UserError(HarnessError):
    """The command, a file or an option is wrong; nothing was run."""

    exit_code = 2


class UnknownName(UserError):
    """No method, suite, metric, preset or option has this name."""


class ConfigError(UserError):
    """A configuration value is of the wrong type, out of range or unknown."""


class DataError(UserError):
    """A dataset is missing, incomplete or contradicts itself."""


class AssetMissing(UserError):
    """Weights or another trained thing must be fetched by hand first."""


class ContractError(UserError):
    """A plugin does not keep the contract."""


class ShapeError(UserError):
    """An array has the wrong number of dimensions, sizes or type."""


class RecordError(UserError):
    """A record or checkpoint cannot be read or belongs to something else."""


class RunError(HarnessError):
    """A cell failed after it had started."""


class DiskFull(RunError):
    """A disk, or the share of it that a user may fill, has no room left."""


class Disconnected(RunError):
    """Another process of the same fit cannot be reached any more."""


class OutOfTime(HarnessError):
    """The time that a command was given has passed; what was begun is saved and can go on."""

    exit_code = 3
