"""A headless Chromium that looks at a page, by the protocol of its developer tools."""

from __future__ import annotations

import base64
import json
import shutil
import subprocess
import tempfile
import time
import urllib.request
from contextlib import ExitStack
from pathlib import Path

from websockets.sync.client import connect

CHROMIUM = shutil.which("chromium") or shutil.which("google-chrome") or ""
SWITCHES = (
    *("--headless=new", "--no-sandbox", "--disable-dev-shm-usage", "--hide-scrollbars"),
    *("--remote-debugging-port=0", "--no-first-run"),
)

DRAWS = ("--use-angle=swiftshader", "--enable-unsafe-swiftshader", "--ignore-gpu-blocklist")
"""With which Chromium draws in 3D by software; without 3D viser shows no panel either."""

UNHURRIED = "window.requestAnimationFrame = f => setTimeout(() => f(performance.now()), 250)"
"""Four pictures a second: at sixty, software that draws takes more than a core."""


class Browser:
    """One tab; close it with ``close``."""

    def __init__(
        self,
        address: str,
        patience: float = 60.0,
        width: int = 1280,
        height: int = 800,
    ) -> None:
        self._folder = tempfile.mkdtemp(prefix="browser_")
        self._process = subprocess.Popen(
            [
                CHROMIUM,
                *SWITCHES,
                *DRAWS,
                f"--user-data-dir={self._folder}",
                "about:blank",
            ],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        self._patience, self._number = patience, 0
        self._closing = ExitStack()
        self._socket = self._closing.enter_context(connect(self._tab(), max_size=None))
        self.errors: list[str] = []
        self.call("Page.enable")
        self.call("Runtime.enable")
        self.call(
            "Emulation.setDeviceMetricsOverride",
            width=width,
            height=height,
            deviceScaleFactor=1,
            mobile=False,
        )
        self.call("Page.addScriptToEvaluateOnNewDocument", source=UNHURRIED)
        self.call("Page.navigate", url=address)

    def _tab(self) -> str:
        port_file = Path(self._folder) / "DevToolsActivePort"
        self._until(lambda: port_file.is_file() and "\n" in port_file.read_text())
        port = port_file.read_text().splitlines()[0]
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/json") as answer:
            tabs = json.load(answer)
        return next(tab["webSocketDebuggerUrl"] for tab in tabs if tab["type"] == "page")

    def _until(self, done):
        end = time.monotonic() + self._patience
        while not done():
            assert time.monotonic() < end, "the browser does not do it"
            time.sleep(0.1)

    def call(self, method, **parameters):
        self._number += 1
        self._socket.send(json.dumps({"id": self._number, "method": method, "params": parameters}))
        while True:
            answer = json.loads(self._socket.recv(timeout=self._patience))
            if answer.get("method") == "Runtime.exceptionThrown":
                self.errors.append(json.dumps(answer["params"])[:500])
            if answer.get("id") == self._number:
                assert "error" not in answer, answer["error"]
                return answer["result"]

    def run(self, script):
        """Value of an expression in the page."""
        return self.call(
            "Runtime.evaluate", expression=script, returnByValue=True, awaitPromise=True
        )["result"].get("value")

    @property
    def text(self) -> str:
        return self.run("document.body.innerText") or ""

    def wait_for(self, words: str) -> str:
        """Wait until the page says so."""
        end = time.monotonic() + self._patience
        while words not in (found := self.text):
            assert time.monotonic() < end, f"no {words!r} on the page, which says: {found}"
            time.sleep(0.2)
        return found

    def click(self, label: str) -> None:
        """Click the button with this label; without one, the innermost element that has it."""
        clicked = self.run(
            f"""(() => {{
                const all = kinds => [...document.querySelectorAll(kinds)];
                const named = e => e.innerText.trim() === {json.dumps(label)};
                const one = all('button').findLast(named)
                    ?? all('label, div, span, p').findLast(named);
                if (one) one.click();
                return !!one;
            }})()"""
        )
        assert clicked, f"there is no {label!r} on the page, which says: {self.text}"

    def enter(self, label: str, text: str) -> None:
        """Type into the field that follows a label."""
        self._focus(label)
        self.call("Input.insertText", text=text)
        self.run("document.activeElement.blur()")
        self.run("new Promise(done => setTimeout(done, 500))")  # until the page has sent it

    def choose(self, label: str, option: str) -> None:
        """Pick from the list that follows a label."""
        self._focus(label)
        self.run("document.activeElement.click()")
        picked = f"""(() => {{
            const all = [...document.querySelectorAll('[role=option]')];
            const one = all.find(e => e.innerText.trim() === {json.dumps(option)});
            if (one) one.click();
            return !!one;
        }})()"""
        self._until(lambda: self.run(picked))

    def _focus(self, label: str) -> None:
        found = self.run(
            f"""(() => {{
                const said = [...document.querySelectorAll('label, div, span, p')].findLast(
                    e => e.innerText.trim() === {json.dumps(label)});
                const after = said && [...document.querySelectorAll('input')].find(
                    e => !['checkbox', 'radio', 'hidden'].includes(e.type)
                        && said.compareDocumentPosition(e) & Node.DOCUMENT_POSITION_FOLLOWING);
                if (after) {{ after.focus(); after.select(); }}
                return !!after;
            }})()"""
        )
        assert found, f"there is no field after {label!r} on the page, which says: {self.text}"

    def reload(self) -> None:
        self.call("Page.reload")

    def picture(self, path: Path | None = None) -> bytes:
        png = base64.b64decode(self.call("Page.captureScreenshot", format="png")["data"])
        if path is not None:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(png)
        return png

    def close(self) -> None:
        self._closing.close()
        self._process.terminate()
        try:
            self._process.wait(10)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        shutil.rmtree(self._folder, ignore_errors=True)
