"""A plain TUF client, as a process of its own: its clock can be another one's.

tuf_client.py MIRROR FOLDER NAME [ROOT]: fetches the target NAME, from ROOT at the first time and then from what FOLDER holds; tells
the root's version and the file, or fails with the name of python-tuf's error.
"""

import json
import sys
from pathlib import Path

from tuf.api.exceptions import DownloadError, RepositoryError
from tuf.api.metadata import Metadata
from tuf.ngclient import Updater

mirror, folder, name, *root = sys.argv[1:]
metadata, files = Path(folder, "metadata"), Path(folder, "files")
for made in (metadata, files):
    made.mkdir(parents=True, exist_ok=True)
try:
    updater = Updater(
        metadata_dir=str(metadata),
        metadata_base_url=mirror,
        target_dir=str(files),
        target_base_url=f"{mirror}/targets/",
        bootstrap=Path(root[0]).read_bytes() if root else None,
    )
    updater.refresh()
    info = updater.get_targetinfo(name)
    file = updater.download_target(info)
except (RepositoryError, DownloadError) as refusal:
    sys.exit(f"{type(refusal).__name__}: {refusal}")
version = Metadata.from_file(str(metadata / "root.json")).signed.version
print(json.dumps({"root": version, "file": file, "custom": info.custom}))
