"""What can go wrong with files, as one tree. Every message names the file and says what is wrong with it.

::

    ChainroomError
    └── StorageError             a file that cannot be read or written; nothing was lost
        ├── StorageBusy          another program holds the lock
        ├── DamagedFile          cut off, not JSON, foreign, of another kind, or its checksum disagrees
        ├── NewerFile            written by a newer chainroom
        ├── MissingFile          there is no such wallet or save
        ├── ExistingFile         there is one already, and it is not overwritten unasked
        ├── WrongPassword        the password does not open the wallet
        ├── WeakPassword         the password is too easy to guess, and why
        └── WalletLocked         the wallet is locked (again), so it cannot sign
"""

from chain.errors import ChainroomError


class StorageError(ChainroomError):
    """A file that cannot be read or written. The message names it and says what is wrong."""


class StorageBusy(StorageError):
    """Another program, or another window of this one, holds the lock of the file."""


class DamagedFile(StorageError):
    """A file that is cut off, not JSON, foreign, of another kind, or whose checksum disagrees."""


class NewerFile(StorageError):
    """A file written by a newer chainroom: never read by guessing, never overwritten."""


class MissingFile(StorageError):
    """A wallet or save that does not exist."""


class ExistingFile(StorageError):
    """A file that exists already and is not overwritten unasked."""


class WrongPassword(StorageError):
    """The password does not open the wallet. Never carries the password."""


class WeakPassword(StorageError):
    """A password that is too easy to guess; the message says why. Never carries the password."""


class WalletLocked(StorageError):
    """The wallet is locked, by hand or because its time ran out."""
