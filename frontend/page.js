/*
 * Behaviour shared by the appliance's web UI and the hosting console. Pages work without it; with it they are livelier.
 * Loaded in <head> without `defer`, so that the chosen theme stands before the first paint. No inline code, no eval.
 *
 *   <meta name="xsrf-token" content="…">            sent as X-XSRFToken with every htmx request that changes something
 *   <button data-theme-switch data-auto="…" data-light="…" data-dark="…">  goes through the three; its text says which one is on
 *   <form data-confirm="Restart the collector?">     asks before it is sent
 *   <section data-stream="URL" data-stream-done="URL">  a region kept current by server-sent events:
 *       event `html`   replaces the content of [data-stream-html] (HTML rendered and escaped by the server)
 *       event `say`    replaces the text of [data-stream-say] (an aria-live element: few, short sentences). It may be
 *                      visually-hidden; its data-lost is shown when the stream has ended for good
 *       event `done`   ends the stream; the page then moves on to data-stream-done, when given
 *   <form data-upload data-upload-done="URL">        sends its one file as the body of a request, whatever its size:
 *       data-upload-largest   bytes; larger files are refused with the sentence in data-upload-too-large
 *       its <progress> shows how far it is, its [role=alert] what is wrong (data-upload-lost: the connection was lost).
 *       Checked boxes are added to the address
 *   <p data-comes-back="URL" data-go="URL">          the server is about to go away: its text becomes data-away while URL does
 *                                                    not answer, and the page moves on to data-go when it does again
 *   <time datetime="…Z">                             gets a title with the moment in the reader's own time zone
 */
(() => {
  "use strict";

  const root = document.documentElement;
  const themes = ["auto", "light", "dark"];
  const systemIsDark = window.matchMedia("(prefers-color-scheme: dark)");

  const storedTheme = () => {
    try {
      const theme = localStorage.getItem("dca-theme");
      return themes.includes(theme) ? theme : "auto";
    } catch {
      return "auto"; // storage may be forbidden; the system's choice is a good one
    }
  };

  const applyTheme = (theme) => {
    root.dataset.bsTheme = theme === "auto" ? (systemIsDark.matches ? "dark" : "light") : theme;
    for (const button of document.querySelectorAll("[data-theme-switch]")) {
      button.textContent = button.dataset[theme];
      button.hidden = false;
    }
  };

  const nextTheme = () => {
    const theme = themes[(themes.indexOf(storedTheme()) + 1) % themes.length];
    try {
      localStorage.setItem("dca-theme", theme);
    } catch {
      // not kept beyond this page, but applied
    }
    applyTheme(theme);
  };

  const nameTimes = (scope) => {
    for (const time of scope.querySelectorAll("time[datetime]")) {
      const moment = new Date(time.dateTime);
      if (!Number.isNaN(moment.getTime())) {
        time.title = moment.toLocaleString(undefined, { dateStyle: "medium", timeStyle: "medium" });
      }
    }
  };

  const openStream = (region) => {
    const source = new EventSource(region.dataset.stream);
    const html = region.querySelector("[data-stream-html]");
    const say = region.querySelector("[data-stream-say]");
    source.addEventListener("html", (event) => {
      html.innerHTML = event.data;
      nameTimes(html);
    });
    source.addEventListener("say", (event) => {
      if (say.textContent !== event.data) say.textContent = event.data;
    });
    source.addEventListener("done", () => {
      source.close();
      region.removeAttribute("data-stream");
      if (region.dataset.streamDone) window.location.assign(region.dataset.streamDone);
    });
    source.addEventListener("error", () => {
      if (source.readyState !== EventSource.CLOSED) return; // else the browser connects again by itself
      say.textContent = say.dataset.lost || "";
      say.classList.remove("visually-hidden");
    });
    window.addEventListener("pagehide", () => source.close());
  };

  const upload = (form) => {
    const file = form.querySelector("input[type=file]").files[0];
    const bar = form.querySelector("progress");
    const alert = form.querySelector("[role=alert]");
    const button = form.querySelector("button");
    const settle = (sentence) => {
      bar.hidden = true;
      button.disabled = false;
      alert.hidden = false;
      alert.textContent = sentence;
    };
    if (file.size > Number(form.dataset.uploadLargest)) {
      settle(form.dataset.uploadTooLarge);
      return;
    }
    const address = new URL(form.action);
    for (const box of form.querySelectorAll("input[type=checkbox]:checked")) address.searchParams.set(box.name, box.value);
    const request = new XMLHttpRequest();
    request.open("POST", address);
    request.setRequestHeader("Content-Type", "application/octet-stream");
    request.setRequestHeader("X-XSRFToken", document.querySelector('meta[name="xsrf-token"]').content);
    request.upload.addEventListener("progress", (event) => {
      bar.value = (100 * event.loaded) / event.total;
    });
    request.addEventListener("error", () => settle(form.dataset.uploadLost));
    request.addEventListener("load", () => {
      if (request.status === 200) {
        leaveFor(form.dataset.uploadDone);
        return;
      }
      try {
        settle(JSON.parse(request.responseText).error);
      } catch {
        settle(form.dataset.uploadLost);
      }
    });
    alert.hidden = true;
    bar.hidden = false;
    button.disabled = true;
    request.send(file);
  };

  const leaveFor = (address) => {
    const target = new URL(address, window.location.href);
    // An address that differs in its fragment alone would not be asked for again.
    if (target.pathname === window.location.pathname) {
      window.history.replaceState(null, "", target);
      window.location.reload();
    } else {
      window.location.assign(target);
    }
  };

  let awaited = false;
  const awaitReturn = (said) => {
    if (awaited) return;
    awaited = true;
    const { comesBack, go, away } = said.dataset;
    let wasAway = false;
    const look = async () => {
      let answers = false;
      try {
        answers = (await fetch(comesBack, { cache: "no-store" })).ok;
      } catch {
        // nobody listens
      }
      const shown = document.querySelector("[data-comes-back]");
      if (!answers) {
        wasAway = true;
        if (shown) shown.textContent = away;
      } else if (wasAway) {
        leaveFor(go);
        return;
      } else if (!shown) {
        awaited = false; // it has ended otherwise
        return;
      }
      window.setTimeout(look, 1000);
    };
    look();
  };

  const awaitReturns = () => document.querySelectorAll("[data-comes-back]").forEach(awaitReturn);

  applyTheme(storedTheme());
  systemIsDark.addEventListener("change", () => applyTheme(storedTheme()));

  document.addEventListener("DOMContentLoaded", () => {
    applyTheme(storedTheme());
    nameTimes(document);
    document.querySelectorAll("[data-stream]").forEach(openStream);
    awaitReturns();
  });

  document.addEventListener("click", (event) => {
    if (event.target.closest("[data-theme-switch]")) nextTheme();
  });

  document.addEventListener("submit", (event) => {
    const question = event.target.dataset.confirm;
    if (question && !window.confirm(question)) event.preventDefault();
    else if ("upload" in event.target.dataset) {
      event.preventDefault();
      upload(event.target);
    }
  });

  document.addEventListener("htmx:config:request", (event) => {
    const token = document.querySelector('meta[name="xsrf-token"]');
    const request = event.detail.ctx.request;
    if (token && request.method.toUpperCase() !== "GET") request.headers["X-XSRFToken"] = token.content;
  });

  document.addEventListener("htmx:after:swap", () => {
    nameTimes(document);
    awaitReturns();
  });
})();
