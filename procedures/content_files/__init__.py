"""Pages as files: a folder that people can read, compare and share, one file a page and language, pictures beside them.

`docs/how-to/share-content.md` is the reference of the format.
"""

from procedures.content_files.exporting import Unexportable, export_folder
from procedures.content_files.importing import DRAFTED, LEFT, PUBLISHED, SAME, bring_in, fill, import_pages, publish_all
from procedures.content_files.reading import read_folder, read_page, read_table
from procedures.content_files.shape import BrokenFile, StoppedHalfway

__all__ = [
    "DRAFTED",
    "LEFT",
    "PUBLISHED",
    "SAME",
    "BrokenFile",
    "StoppedHalfway",
    "Unexportable",
    "bring_in",
    "export_folder",
    "fill",
    "import_pages",
    "publish_all",
    "read_folder",
    "read_page",
    "read_table",
]
