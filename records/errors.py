"""Errors that a person can mend: a sentence, and an exit code of its own.

UserError
├── ImportRefused     a file as a whole cannot be taken                 exit 3
├── ConfigurationGap  something that no export carries is missing       exit 4
├── VaultError        the key is missing, wrong or readable by others   exit 5
├── ModelRefused      a model cannot be trained, promoted or used here  exit 6
├── NotAllowed        this account may not do or see that               exit 7
└── CannotServe       the service cannot start                          exit 8
Rows that cannot be taken are no errors: they are kept in quarantine with their reason.
"""


class UserError(Exception):
    """Something a person can mend; the message says what is wrong, where, and what to do."""

    exit_code = 2


class ImportRefused(UserError):
    """A file as a whole cannot be taken; nothing of it was stored."""

    exit_code = 3

    @classmethod
    def empty(cls, *, file: str) -> "ImportRefused":
        return cls(f"{file} has no rows. Export it again and look whether the filter was left on.")

    @classmethod
    def wrong_file(cls, *, file: str, why: str) -> "ImportRefused":
        return cls(f"{file} cannot be read: {why}. Save it again as XLSX or CSV (UTF-8) and import that.")

    @classmethod
    def not_there(cls, *, file: str) -> "ImportRefused":
        return cls(f"There is no file {file}. Check the path.")

    @classmethod
    def missing_columns(cls, *, file: str, missing: list[str], found: list[str]) -> "ImportRefused":
        quoted = ", ".join(f"'{name}'" for name in missing)
        seen = ", ".join(f"'{name}'" for name in found) or "none"
        plural = "columns" if len(missing) > 1 else "column"
        return cls(
            f"{file} has no {plural} {quoted}. Found: {seen}. "
            "If a column was renamed at the source, give it back one of its known names "
            "(docs/data-dictionary.md lists them) and import again."
        )

    @classmethod
    def unknown_layout(cls, *, file: str, found: list[str]) -> "ImportRefused":
        seen = ", ".join(f"'{name}'" for name in found[:12]) or "none"
        return cls(
            f"{file} matches no table that zerodrop knows. Found: {seen}. "
            "Name the source with --source or the table with --table (docs/data-dictionary.md lists the columns)."
        )

    @classmethod
    def shrunken_roster(cls, *, file: str, before: int, now: int) -> "ImportRefused":
        return cls(
            f"{file} lists {now} students where the last roster had {before}. "
            "A partial roster would turn the others into leavers. "
            "Export the whole institution, or confirm with --confirm-shrink."
        )

    @classmethod
    def overtaken(cls, *, institution: str) -> "ImportRefused":
        return cls(f"Another import for {institution} was committed meanwhile, three times. Import one file at a time.")


class ConfigurationGap(UserError):
    """Something that no export carries has not been entered."""

    exit_code = 4

    @classmethod
    def unknown_institution(cls, *, code: str, known: list[str]) -> "ConfigurationGap":
        names = ", ".join(known) or "none yet"
        return cls(f"There is no institution '{code}'. Known: {names}. Enter it with `zerodrop init`.")

    @classmethod
    def which_institution(cls, *, known: list[str]) -> "ConfigurationGap":
        return cls(
            f"Which institution? Add --institution with one of: {', '.join(known) or 'none yet: run zerodrop init'}."
        )


class VaultError(UserError):
    """The vault's key is missing, wrong, or readable by others."""

    exit_code = 5

    @classmethod
    def missing_key(cls, *, path: str) -> "VaultError":
        return cls(
            f"The vault's key file {path} is missing. Put the backed-up key there; "
            "without it names and quarantined rows cannot be read. A new data home gets its key from `zerodrop init`."
        )

    @classmethod
    def wrong_key(cls, *, path: str) -> "VaultError":
        return cls(f"The key in {path} is not the one this vault was made with. Put the right key back.")

    @classmethod
    def readable_key(cls, *, path: str) -> "VaultError":
        return cls(f"The key file {path} can be read by other accounts of this machine. Run: chmod 600 {path}")


class ModelRefused(UserError):
    """A model cannot be trained, promoted or used here."""

    exit_code = 6


class NotAllowed(UserError):
    """This account may not do or see that."""

    exit_code = 7


class CannotServe(UserError):
    """The service cannot start."""

    exit_code = 8

    @classmethod
    def port_in_use(cls, *, host: str, port: int) -> "CannotServe":
        return cls(
            f"Port {port} on {host} is in use. Stop the other program or choose another: zerodrop serve --port {port + 1}"
        )

    @classmethod
    def not_loopback(cls, *, host: str) -> "CannotServe":
        return cls(
            f"{host} is not this machine: names would cross the network unencrypted. "
            "Serve on 127.0.0.1 behind a TLS proxy and add --behind-proxy."
        )
