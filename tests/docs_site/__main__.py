"""Build the documentation site without a network: python -m tests.docs_site FOLDER."""

import sys
from pathlib import Path

from tests.docs_site.build import SiteFault, build_site

if __name__ == "__main__":
    try:
        build_site(Path(sys.argv[1]))
    except SiteFault as fault:
        sys.exit(f"docs: {fault}")
    print(f"docs: open {sys.argv[1]}/index.html")
