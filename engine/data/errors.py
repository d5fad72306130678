"""What can be wrong with a folder of drawings."""

from engine.errors import PersonProblem


class DataExtraMissing(PersonProblem):
    """The extra `data`, which finds duplicates, is not installed."""

    message_id = "data-extra-missing"


class NoPictures(PersonProblem):
    """The folder holds no files."""

    message_id = "no-pictures"


class ManifestWrong(PersonProblem):
    """The manifest cannot be read, or says something else than keep or drop."""

    message_id = "manifest-wrong"


class SameFolder(PersonProblem):
    """The folder to clean is the folder of the result, or lies in it."""

    message_id = "same-folder"


class FolderTaken(PersonProblem):
    """The folder of the result holds files that are not ours, which we would not touch."""

    message_id = "folder-taken"
