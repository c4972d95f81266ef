#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The Master Target authors
"""Uses the console with a real browser: signs in, looks at every page, fails a group over.

Speaks WebDriver (W3C) to chromedriver with the standard library alone. Prints one line for each thing that is wrong and
ends with 1 when there is any; otherwise says what was looked at.

usage: walk.py --origin https://127.0.0.1:PORT --codes CODE,CODE,… --page PATH… [--axe FILE] [--screenshots FOLDER]
"""

import argparse
import base64
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request

PHONE, DESK = (360, 740), (1280, 900)
ELEMENT = "element-6066-11e4-a52e-4f735466cecf"

# What is wrong with a page, by itself. A table beyond the edge, an input that nobody names, a heading left out.
OWN_CHECKS = """
const wrong = [];
const root = document.documentElement;
if (root.scrollWidth > window.innerWidth) {
  wrong.push(`is ${root.scrollWidth} px wide in ${window.innerWidth}`);
  for (const element of document.querySelectorAll("main *, header *"))
    if (element.getBoundingClientRect().right > window.innerWidth + 1) {
      wrong.push(`  beyond the edge: <${element.tagName} class="${element.getAttribute("class")}">`); break; }
}
for (const input of document.querySelectorAll("input:not([type=hidden]), select, textarea"))
  if (!input.labels.length && !input.getAttribute("aria-label"))
    wrong.push(`input "${input.name}" has no label`);
if (document.querySelectorAll("h1").length !== 1) wrong.push("has not exactly one h1");
if (document.querySelectorAll("main").length !== 1) wrong.push("has not exactly one main");
let level = 1;
for (const heading of document.querySelectorAll("h1, h2, h3, h4")) {
  const own = Number(heading.tagName[1]);
  if (own > level + 1) wrong.push(`heading "${heading.textContent}" leaves a level out`);
  level = own;
}
for (const control of document.querySelectorAll("button, a, summary"))
  if (!control.textContent.trim() && !control.getAttribute("aria-label")) wrong.push("a link or button without a name");
const ids = [...document.querySelectorAll("[id]")].map((element) => element.id);
for (const id of new Set(ids.filter((id, index) => ids.indexOf(id) !== index))) wrong.push(`id "${id}" is there twice`);
if (document.querySelectorAll("[style], style").length) wrong.push("has inline style");
return wrong;
"""

AXE = """
const done = arguments[arguments.length - 1];
axe.run(document, { resultTypes: ["violations"] }).then(
  (result) => done(result.violations.map(
    (found) => `axe ${found.id}: ${found.help}: ${found.nodes.map((node) => node.html).slice(0, 2).join(" | ")}`)),
  (error) => done([`axe failed: ${error}`]));
"""


class Browser:
    """One session of chromedriver."""

    def __init__(self, driver_port, script=True):
        self.base = f"http://127.0.0.1:{driver_port}"
        options = ["--headless=new", "--disable-gpu", "--disable-dev-shm-usage", "--hide-scrollbars", "--lang=en"]
        if os.geteuid() == 0:
            options.append("--no-sandbox")
        chrome = {"args": options, "binary": shutil.which("chromium") or shutil.which("chromium-browser")}
        capabilities = {
            "browserName": "chrome", "acceptInsecureCerts": True, "goog:chromeOptions": chrome,
            "goog:loggingPrefs": {"browser": "ALL"},
        }
        answer = self.call("POST", "/session", {"capabilities": {"alwaysMatch": capabilities}})
        self.session = f"/session/{answer['sessionId']}"
        if not script:
            self.chrome("Emulation.setScriptExecutionDisabled", value=True)

    def call(self, method, path, body=None):
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(
            self.base + path, data, {"Content-Type": "application/json"}, method=method)
        try:
            with urllib.request.urlopen(request, timeout=30) as answer:
                return json.load(answer)["value"]
        except urllib.error.HTTPError as error:
            raise RuntimeError(json.load(error)["value"]["message"].split("\n")[0]) from None

    def do(self, method, path, body=None):
        return self.call(method, self.session + path, body)

    def open(self, url):
        self.do("POST", "/url", {"url": url})

    @property
    def url(self):
        return self.do("GET", "/url")

    @property
    def source(self):
        return self.do("GET", "/source")

    def run(self, script, *arguments):
        return self.do("POST", "/execute/sync", {"script": script, "args": list(arguments)})

    def run_async(self, script):
        return self.do("POST", "/execute/async", {"script": script, "args": []})

    def chrome(self, command, **parameters):
        return self.do("POST", "/goog/cdp/execute", {"cmd": command, "params": parameters})

    def find(self, selector):
        found = self.do("POST", "/element", {"using": "css selector", "value": selector})
        return found[ELEMENT]

    def click(self, selector):
        self.do("POST", f"/element/{self.find(selector)}/click", {})

    def type(self, selector, text):
        self.do("POST", f"/element/{self.find(selector)}/value", {"text": text})

    def text(self, selector):
        return self.do("GET", f"/element/{self.find(selector)}/text")

    def press_tab(self):
        keys = [{"type": "keyDown", "value": "\ue004"}, {"type": "keyUp", "value": "\ue004"}]
        self.do("POST", "/actions", {"actions": [{"type": "key", "id": "keys", "actions": keys}]})

    def size(self, size, dark=False):
        width, height = size
        self.chrome("Emulation.setDeviceMetricsOverride", width=width, height=height,
                    deviceScaleFactor=2 if width < 600 else 1, mobile=width < 600)
        scheme = "dark" if dark else "light"
        self.chrome("Emulation.setEmulatedMedia", features=[
            {"name": "prefers-color-scheme", "value": scheme}, {"name": "prefers-reduced-motion", "value": "reduce"}])

    def screenshot(self, path):
        size = self.chrome("Page.getLayoutMetrics")["cssContentSize"]
        clip = {"x": 0, "y": 0, "width": size["width"], "height": min(size["height"], 4000), "scale": 1}
        shot = self.chrome("Page.captureScreenshot", format="png", captureBeyondViewport=True, clip=clip)
        with open(path, "wb") as file:
            file.write(base64.b64decode(shot["data"]))

    def complaints(self):
        """What the browser wrote to its console: refused scripts and styles, files that are not there, exceptions."""
        return [entry["message"] for entry in self.do("POST", "/se/log", {"type": "browser"})]

    def end(self):
        self.do("DELETE", "")


class Walk:
    def __init__(self, arguments):
        self.arguments = arguments
        self.codes = arguments.codes.split(",")
        self.wrong = []
        self.looked = 0
        self.axe = None
        if arguments.axe and os.path.exists(arguments.axe):
            with open(arguments.axe, encoding="utf-8") as file:
                self.axe = file.read()

    def expect(self, holds, sentence):
        if not holds:
            self.wrong.append(sentence)

    def at(self, path):
        return self.arguments.origin + path

    def wait(self, condition, sentence, seconds=20):
        end = time.monotonic() + seconds

        def holds():
            try:
                return condition()
            except RuntimeError:
                # The page was loaded again between two looks at it.
                return False

        while not holds():
            if time.monotonic() > end:
                self.wrong.append(sentence)
                return False
            time.sleep(0.2)
        return True

    def look(self, browser, name, size, dark=False, shoot=True):
        """Checks the page that is shown."""
        browser.size(size, dark)
        place = f"{name} at {size[0]} px{' dark' if dark else ''}"
        self.looked += 1
        self.wrong += [f"{place}: {wrong}" for wrong in browser.run(OWN_CHECKS)]
        if self.axe:
            browser.run(self.axe)
            self.wrong += [f"{place}: {wrong}" for wrong in browser.run_async(AXE)]
        # The browser notes every answer of 404; a page that is not there is one.
        self.wrong += [
            f"{place}: the browser complains: {text}" for text in browser.complaints()
            if not (name.endswith("/none") and "status of 404" in text)]
        if shoot and self.arguments.screenshots:
            os.makedirs(self.arguments.screenshots, exist_ok=True)
            base = name.strip("/").replace("/", "-").replace("?", "-")
            file = f"{base}-{size[0]}{'-dark' if dark else ''}.png"
            browser.screenshot(os.path.join(self.arguments.screenshots, file))

    def look_everywhere(self, browser, name):
        for size in (DESK, PHONE):
            self.look(browser, name, size)
        self.look(browser, name, DESK, dark=True)

    def sign_in(self, browser, path="/console/"):
        browser.open(self.at(path))
        self.wait(lambda: "/console/login" in browser.url, f"{path} does not ask who it is")
        browser.type("#code", self.codes.pop(0).lower())
        browser.click("form:last-of-type button")
        self.wait(lambda: browser.url == self.at(path), f"signing in does not lead to {path}")

    def with_script(self, browser):
        browser.open(self.at("/console/login"))
        self.look_everywhere(browser, "login")
        browser.type("#code", "AAAA-AAAA-AAAA-AAAA")
        browser.click("form:last-of-type button")
        self.wait(lambda: "not good" in browser.source, "a wrong code is not refused")
        # The browser itself notes an answer of 401: that one is wanted.
        browser.complaints()
        self.sign_in(browser)
        self.expect(browser.run("return document.cookie") == "", "a script can read the session's cookie")
        browser.press_tab()
        self.expect(browser.run("return document.activeElement.className") == "skip",
                    "the first tab stop does not skip to the content")
        for page in self.arguments.page:
            browser.open(self.at(page))
            self.look_everywhere(browser, page)
        self.fail_over(browser)
        browser.open(self.at("/console/groups/erp/commit"))
        browser.run("document.querySelector('#confirmation').required = false")
        browser.type("#confirmation", "crm")
        browser.click("form.decide button")
        self.wait(lambda: "not the name of the group" in browser.source, "a commit does not want the group's name")
        browser.complaints()
        self.look(browser, "commit-refused", PHONE)
        browser.click(".leave button")
        self.wait(lambda: browser.url.endswith("/console/login"), "signing out does not lead to the login")
        browser.open(self.at("/console/"))
        self.wait(lambda: "/console/login" in browser.url, "the session goes on after signing out")

    def fail_over(self, browser):
        """From the timeline to a job that ends, with the keyboard's and the mouse's means."""
        browser.size(DESK)
        browser.open(self.at("/console/groups/crm"))
        marks = browser.run("return document.querySelectorAll('.timeline svg a').length")
        self.expect(marks > 5, f"the timeline has {marks} bookmarks")
        browser.run("document.querySelector('.timeline svg a').focus()")
        self.expect(browser.run("return document.activeElement.namespaceURI.endsWith('svg')"),
                    "a bookmark on the timeline takes no focus")
        browser.click(".points ul li:nth-child(2) a")
        self.wait(lambda: "/console/groups/crm/failover?point=" in browser.url, "a point does not lead to its form")
        browser.click("#sourceStopped")
        self.look_everywhere(browser, "failover")
        browser.click("form[action$=confirm] button")
        self.wait(lambda: "What would be lost" in browser.source, "nothing is said about what would be lost")
        self.look_everywhere(browser, "failover-confirm")
        browser.click("form.decide button")
        self.wait(lambda: "/console/jobs/" in browser.url, "failing over does not lead to a job")
        self.look(browser, "job-begun", DESK)
        browser.run("window.untouched = true")
        self.wait(lambda: browser.run("return document.querySelector('progress') !== null"), "the job shows no progress")
        self.look(browser, "job-progress", DESK)
        self.look(browser, "job-progress", PHONE)
        self.wait(lambda: browser.text("#part-state").startswith("Done"), "the job does not reach its end by itself")
        self.expect(browser.run("return window.untouched === true"), "the page was loaded again although there is script")
        self.look(browser, "job-done", DESK)

    def without_script(self, browser):
        """The same without script: reading and acting."""
        self.sign_in(browser, "/console/groups/erp")
        browser.size(PHONE)
        browser.click(".actions li:nth-child(2) a")
        self.wait(lambda: browser.url.endswith("/console/groups/erp/rollback"), "the second action is not the rollback")
        browser.click("#targets-untouched")
        browser.click("form[action$=confirm] button")
        self.wait(lambda: "targets=untouched" in browser.url, "what was chosen is not kept")
        browser.click("form.decide button")
        self.wait(lambda: "/console/jobs/" in browser.url, "rolling back does not lead to a job")
        self.wait(lambda: browser.text("#part-state").startswith("Done"), "the job page does not load itself again", 60)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--origin", required=True)
    parser.add_argument("--codes", required=True)
    parser.add_argument("--page", action="append", default=[])
    parser.add_argument("--axe")
    parser.add_argument("--screenshots")
    walk = Walk(parser.parse_args())
    # Whoever starts this may have had signals blocked, and a blocked SIGTERM would end nobody.
    signal.pthread_sigmask(signal.SIG_SETMASK, [])
    folder = tempfile.mkdtemp(prefix="mt-browser-")
    port_file = os.path.join(folder, "log")
    with open(port_file, "w", encoding="utf-8") as log:
        driver = subprocess.Popen(
            ["chromedriver", "--port=0"], stdout=log, stderr=log, env={**os.environ, "TMPDIR": folder})
    try:
        port = None
        for _ in range(100):
            with open(port_file, encoding="utf-8") as log:
                text = log.read()
            if "successfully on port " in text:
                port = int(text.split("successfully on port ")[1].split(".")[0])
                break
            time.sleep(0.1)
        if port is None:
            sys.exit("walk.py: chromedriver did not start: " + text)
        for script, work in ((True, walk.with_script), (False, walk.without_script)):
            browser = Browser(port, script=script)
            try:
                work(browser)
            except (RuntimeError, OSError) as error:
                walk.wrong.append(f"{'with' if script else 'without'} script, at {browser.url}: {error}")
            finally:
                browser.end()
    finally:
        driver.terminate()
        try:
            driver.wait(10)
        except subprocess.TimeoutExpired:
            driver.kill()
            driver.wait()
        shutil.rmtree(folder, ignore_errors=True)
    for wrong in walk.wrong:
        print(wrong)
    print(f"{walk.looked} looks{' with axe' if walk.axe else ''}, {len(walk.wrong)} wrong")
    return 1 if walk.wrong else 0


if __name__ == "__main__":
    sys.exit(main())
