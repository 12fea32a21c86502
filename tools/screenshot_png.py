"""Turn an SVG screenshot of the interface into a PNG, faithfully (braille included), with headless Chromium.

::

    python tools/screenshot_png.py picture.svg [picture.png] [--scale 1]

Needs ``chromium`` (or CHROMIUM=/path/to/it) and the DejaVu fonts; other converters lose braille dots. PNGs are for
looking at, not for committing. From Textual: ``app.save_screenshot("picture.svg")``.
"""

import argparse
import os
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

FONT = "DejaVu Sans Mono"


def prepare_svg(svg: str) -> tuple[str, int, int]:
    """Take the web fonts out (nothing is fetched), name a font with braille; return the text, width and height."""
    svg = re.sub(r"@font-face\s*{.*?}", "", svg, flags=re.DOTALL)
    svg = re.sub(r"font-family:\s*Fira Code[^;]*;", f"font-family: '{FONT}', monospace;", svg)
    svg = svg.replace("Fira Code", FONT)
    box = re.search(r'viewBox="0 0 ([\d.]+) ([\d.]+)"', svg)
    if box is None:
        raise SystemExit("not a screenshot: the SVG has no viewBox")
    return svg, round(float(box[1]) + 0.5), round(float(box[2]) + 0.5)


def convert(source: Path, target: Path, scale: float) -> None:
    """Render ``source`` to ``target``. Exits with a line on standard error when Chromium fails."""
    browser = os.environ.get("CHROMIUM") or shutil.which("chromium") or shutil.which("chromium-browser")
    if browser is None:
        raise SystemExit("chromium was not found: install it, or set CHROMIUM")
    svg, width, height = prepare_svg(source.read_text(encoding="utf-8"))
    with tempfile.TemporaryDirectory() as folder:
        page = Path(folder) / "page.html"
        page.write_text(
            f"<meta charset=utf-8><style>body{{margin:0}}svg{{display:block}}</style>{svg}", encoding="utf-8"
        )
        flags = ["--headless", "--no-sandbox", "--disable-gpu", "--disable-background-networking", "--hide-scrollbars"]
        flags += [f"--force-device-scale-factor={scale}", f"--user-data-dir={folder}/profile"]
        flags += [f"--screenshot={target.resolve()}", f"--window-size={width},{height}"]
        done = subprocess.run(
            [browser, *flags, page.as_uri()], capture_output=True, text=True, timeout=120, check=False
        )
    if done.returncode or not target.exists():
        raise SystemExit(f"chromium failed: {done.stderr.strip()[-300:]}")


def main() -> None:
    """Command line."""
    parser = argparse.ArgumentParser(description="SVG screenshot to PNG with headless Chromium.")
    parser.add_argument("source", type=Path)
    parser.add_argument("target", type=Path, nargs="?")
    parser.add_argument("--scale", type=float, default=1.0)
    options = parser.parse_args()
    target = options.target or options.source.with_suffix(".png")
    convert(options.source, target, options.scale)
    print(target, file=sys.stdout)


if __name__ == "__main__":
    main()
