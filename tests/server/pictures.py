"""The pictures of the README: an invented unit, its first screen and one of its hosts.

python -m tests.server.pictures          writes docs/images/unit.png and docs/images/host.png
"""

import tempfile
from pathlib import Path

from tests.server.browsing import DESKTOP, chromium, looking
from tests.server.estate import make_morning
from tests.server.png import smaller
from tests.server.serving import serving

IMAGES = Path(__file__).parents[2] / "docs" / "images"
HOST = "scada-02"


def main() -> None:
    """Make the unit, serve it, look at it."""
    IMAGES.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory() as directory:
        morning = make_morning(Path(directory))
        with (
            serving(morning.data) as url,
            chromium() as browser,
            looking(browser, url, size=DESKTOP) as window,
        ):
            window.sign_in("admin", morning.password)
            for path, name in ((morning.unit, "unit"), (morning.host(HOST), "host")):
                window.goto(path)
                (IMAGES / f"{name}.png").write_bytes(smaller(window.page.screenshot()))


if __name__ == "__main__":
    main()
