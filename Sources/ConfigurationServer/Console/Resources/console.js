// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The Master Target authors

// Brings the parts of a page that change up to date. Without it such a page loads itself again, or stays as it is.
"use strict";
(() => {
  const seconds = Number(document.body.dataset.seconds);
  let address = document.body.dataset.refresh;
  const stale = document.getElementById("stale");

  function say(text) {
    if (stale.textContent !== text) stale.textContent = text;
    stale.hidden = text === "";
  }

  function replaceParts(fresh) {
    for (const part of document.querySelectorAll("[data-part]")) {
      const other = fresh.getElementById(part.id);
      // What somebody is about to use stays where it is.
      if (!other || part.contains(document.activeElement) || part.innerHTML === other.innerHTML) continue;
      part.replaceChildren(...document.adoptNode(other).childNodes);
    }
  }

  async function refresh() {
    if (!address) return;
    if (!document.hidden) {
      try {
        const answer = await fetch(address, { credentials: "same-origin", redirect: "manual" });
        if (answer.type === "opaqueredirect") return say("You are signed out. Load the page again.");
        if (!answer.ok) throw new Error(answer.status);
        const fresh = new DOMParser().parseFromString(await answer.text(), "text/html");
        replaceParts(fresh);
        address = fresh.body.dataset.refresh;
        say("");
      } catch {
        say("The server does not answer: this is what was known last.");
      }
    }
    setTimeout(refresh, seconds * 1000);
  }

  if (address) setTimeout(refresh, seconds * 1000);
})();
