// Drives the example's player in headless Chromium. Reads one JSON object from the environment, prints one.
import { readFile } from "node:fs/promises";
import { chromium } from "playwright-core";

const { page: address, url, next, token, story, screenshot, chromium: executablePath } = JSON.parse(process.env.STORY);
const HLS = await readFile(new URL("node_modules/hls.js/dist/hls.min.js", import.meta.url));
const PATIENCE = 60_000;

const STORIES = {
  plain: async (page) => {
    await playing(page);
    await ended(page);
  },
  // From the first second to the last, at whatever level it likes.
  whole: async (page) => {
    await playing(page);
    await page.selectOption("#captions", { index: 1 });
    await reached(page, 2);
    await ended(page);
  },
  // Up and down again while it plays, then to a place that was not loaded. It begins anew where that takes long.
  switching: async (page) => {
    await page.evaluate(() => (document.querySelector("video").loop = true));
    await playing(page);
    await page.selectOption("#captions", { index: 1 });
    for (const height of [180, 90, 180]) {
      await page.evaluate((wanted) => {
        const found = window.hls.levels.findIndex((each) => each.height === wanted);
        document.querySelector("#level").selectedIndex = found + 1;
        document.querySelector("#level").dispatchEvent(new Event("change"));
      }, height);
      await page.waitForFunction((wanted) => document.querySelector("video").videoHeight === wanted, height, limit);
    }
    await page.evaluate(() => Object.assign(document.querySelector("video"), { loop: false, currentTime: 10 }));
    await reached(page, 10.5);
    await ended(page);
  },
  // Stands still in the middle, where there are captions: for the picture.
  still: async (page) => {
    await playing(page);
    await page.selectOption("#captions", { index: 1 });
    await page.evaluate(() => (document.querySelector("video").currentTime = 6));
    await page.waitForFunction(() => window.seen.texts.has("Good bye"), undefined, limit);
    await page.evaluate(() => document.querySelector("video").pause());
    await page.waitForTimeout(300);
  },
  // Another video before the first has ended.
  second: async (page) => {
    await playing(page);
    await reached(page, 2);
    await page.fill("[name=url]", next);
    await page.evaluate(() => {
      window.seen.left = document.querySelector("video").currentTime;
      document.querySelector("#source").requestSubmit();
    });
    await page.waitForFunction(() => document.querySelector("video").currentTime < 1, undefined, limit);
    await playing(page);
    await ended(page);
  },
  // Sound alone after a film whose captions were chosen.
  sound: async (page) => {
    await playing(page);
    await page.selectOption("#captions", { index: 1 });
    await page.evaluate(offered, { when: "film" });
    await page.fill("[name=url]", next);
    await page.evaluate(offered, { when: "between", submit: true });
    await page.waitForFunction(() => document.querySelector("video").currentTime < 1, undefined, limit);
    await playing(page);
    await ended(page);
    await page.evaluate(offered, { when: "sound" });
  },
  // Says on standard error when it has come to the end of what there is, and goes on when there is more.
  growing: async (page) => {
    await playing(page);
    await page.evaluate(() => (window.seen.start = document.querySelector("video").played.start(0)));
    await reached(page, 1);
    console.error("PLAYING");
    await ended(page);
  },
};

// What can be chosen at the moment, and what is said; to see it before the next video answers, submit and look at once.
const offered = ({ when, submit = false }) => {
  if (submit) document.querySelector("#source").requestSubmit();
  const names = (id) => [...document.querySelectorAll(`#${id} option`)].map((each) => each.textContent);
  window.seen.offered[when] = [names("level"), names("captions"), document.querySelector("#state").value];
};
const limit = { timeout: PATIENCE };
const playing = (page) => reached(page, 0.2);
const reached = (page, seconds) =>
  page.waitForFunction((wanted) => document.querySelector("video").currentTime >= wanted, seconds, limit);
// Until the server has answered all that the page told: a browser that is closed drops what is under way.
const arrived = async (page) => {
  const told = await page.evaluate(() => window.seen.told.length);
  const end = Date.now() + PATIENCE;
  while (seen.requests.filter(([, to]) => to.endsWith("/events")).length < told) {
    if (Date.now() > end) throw new Error(`the page told ${told} times, and not all was answered`);
    await page.waitForTimeout(50);
  }
};
const ended = (page) => page.waitForFunction(() => document.querySelector("video").ended, undefined, limit);

const browser = await chromium.launch({
  executablePath,
  args: ["--no-sandbox", "--autoplay-policy=no-user-gesture-required", "--disable-gpu", "--disable-dev-shm-usage"],
});
const seen = { errors: [], console: [], levels: [], requests: [] };

try {
  const page = await browser.newPage({ viewport: { width: 900, height: 800 } });
  page.on("console", (message) => message.type() === "error" && seen.console.push(message.text()));
  page.on("pageerror", (error) => seen.console.push(String(error)));
  page.on("response", (answer) => seen.requests.push([answer.status(), answer.url().split("?")[0]]));
  await page.route("https://cdn.jsdelivr.net/**", (route) =>
    route.fulfill({ body: HLS, contentType: "text/javascript" }),
  );
  await page.addInitScript(watch);
  const query = new URLSearchParams(token ? { url, token } : { url });
  await page.goto(`${address}?${query}`);
  await STORIES[story](page);
  await arrived(page);
  if (screenshot) await page.screenshot({ path: screenshot });
  Object.assign(seen, await page.evaluate(result));
} finally {
  await browser.close();
}
console.log(JSON.stringify(seen));

// In the page, before its own scripts: what hls.js says of itself.
function watch() {
  window.seen = { errors: [], levels: [], texts: new Set(), told: [], offered: {} };
  const send = navigator.sendBeacon.bind(navigator);
  navigator.sendBeacon = (to, body) => (window.seen.told.push([to, JSON.parse(body).events]), send(to, body));
  let made;
  Object.defineProperty(window, "Hls", {
    configurable: true,
    get: () => made,
    set: (Hls) => {
      made = class extends Hls {
        constructor(options) {
          super({ ...options, debug: false });
          this.on(Hls.Events.ERROR, (_, data) => window.seen.errors.push([data.fatal, data.details]));
          this.on(Hls.Events.LEVEL_SWITCHED, (_, data) => window.seen.levels.push(this.levels[data.level].height));
        }
      };
    },
  });
  const add = TextTrack.prototype.addCue;
  TextTrack.prototype.addCue = function (cue) {
    cue.addEventListener("enter", () => window.seen.texts.add(cue.text));
    add.call(this, cue);
  };
}

function result() {
  const video = document.querySelector("video");
  const ranges = Array.from({ length: video.buffered.length }, (_, n) => [video.buffered.start(n), video.buffered.end(n)]);
  return {
    errors: window.seen.errors,
    levels: window.seen.levels,
    told: window.seen.told,
    offered: window.seen.offered,
    texts: [...window.seen.texts],
    ranges,
    ended: video.ended,
    duration: video.duration,
    time: video.currentTime,
    frames: video.getVideoPlaybackQuality().totalVideoFrames,
    size: [video.videoWidth, video.videoHeight],
    audio: window.hls.audioTracks.map((each) => [each.name, each.lang]),
    subtitles: window.hls.subtitleTracks.map((each) => [each.name, each.lang]),
    start: window.seen.start,
    left: window.seen.left,
  };
}
