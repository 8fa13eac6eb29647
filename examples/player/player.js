// A player for videos of Zilliance: hls.js, a choice of quality and captions, and a word now and then on what was watched.
//
// Open index.html?url=<hls_url of a grant>. A video of your own plays by its hls_url and your access token, too.

const POST_EVERY_MS = 10_000;

const video = document.querySelector("video");
const form = document.querySelector("#source");
const level = document.querySelector("#level");
const captions = document.querySelector("#captions");
const state = document.querySelector("#state");
let hls;
let current; // ends what belongs to the video that is played now

form.addEventListener("submit", (event) => {
  event.preventDefault();
  const { url, token } = Object.fromEntries(new FormData(form));
  play(url.trim(), token.trim());
});

const asked = new URLSearchParams(location.search);
if (asked.has("url")) {
  form.url.value = asked.get("url");
  form.token.value = asked.get("token") ?? "";
  form.requestSubmit();
}

function play(url, token) {
  current?.abort(); // before its pictures go: it still tells how far they were watched
  current = new AbortController();
  hls?.destroy();
  hls = window.hls = undefined;
  choices(level, []);
  choices(captions, ["none"]);
  show("");
  if (!Hls.isSupported()) {
    video.src = url; // Safari on a phone plays HLS by itself: give it the address of a grant, which needs no header
    report(video, url, current.signal);
    return;
  }
  hls = window.hls = new Hls({
    // Addresses of a grant need no header. For an hls_url of your own the token may be sent with every request.
    xhrSetup: token ? (request) => request.setRequestHeader("Authorization", `Bearer ${token}`) : undefined,
  });
  hls.on(Hls.Events.MANIFEST_PARSED, () => {
    choices(level, ["automatic", ...hls.levels.map(nameOf)]);
    // Any other refusal is of a video that has given way to the next.
    video.play().catch(({ name }) => name === "NotAllowedError" && show("press play"));
  });
  hls.on(Hls.Events.SUBTITLE_TRACKS_UPDATED, () => {
    choices(captions, ["none", ...hls.subtitleTracks.map((each) => each.name)]);
  });
  hls.on(Hls.Events.LEVEL_SWITCHED, (_, { level: now }) => show(nameOf(hls.levels[now])));
  hls.on(Hls.Events.ERROR, (_, { fatal, details, response }) => fatal && show(`${details} ${response?.code ?? ""}`));
  hls.loadSource(url);
  hls.attachMedia(video);
  report(video, url, current.signal);
}

level.addEventListener("change", () => (hls.currentLevel = level.selectedIndex - 1));
captions.addEventListener("change", () => {
  hls.subtitleTrack = captions.selectedIndex - 1;
  hls.subtitleDisplay = captions.selectedIndex > 0;
});

function nameOf({ height }) {
  return height ? `${height}p` : "sound";
}

function choices(select, names) {
  select.replaceChildren(...names.map((name) => new Option(name)));
}

function show(text) {
  state.value = text;
}

// Tells the platform which parts of the video were played. Only addresses of a grant have somewhere to tell it to: the
// owner's own plays are not counted. Once the signal is given it tells what is left, and nothing more.
function report(media, url, signal) {
  const events = url.includes("/play/") && url.replace(/master\.m3u8.*$/, "events");
  if (!events) return;
  const session = crypto.randomUUID();
  let from = media.currentTime;
  let spans = [];

  const cut = () => {
    if (media.currentTime > from && !media.seeking) {
      spans.push({ type: "watch", from, to: media.currentTime, rate: media.playbackRate, at: Date.now() });
    }
    from = media.currentTime;
  };
  const post = () => {
    if (!media.paused) cut();
    if (spans.length === 0) return;
    // A beacon is sent even by a page that is being closed. It is text, so the browser asks nobody first.
    navigator.sendBeacon(events, JSON.stringify({ session, events: spans.splice(0, 200) }));
  };

  let last = from;
  const on = (target, name, act) => target.addEventListener(name, act, { signal });
  on(media, "timeupdate", () => (last = media.seeking ? last : media.currentTime));
  on(media, "seeking", () => {
    if (last > from) spans.push({ type: "watch", from, to: last, rate: media.playbackRate, at: Date.now() });
    from = last = media.currentTime;
  });
  on(media, "play", () => (from = last = media.currentTime));
  on(media, "pause", () => (cut(), post()));
  on(media, "ended", () => (cut(), post()));
  on(window, "pagehide", post);
  const timer = setInterval(post, POST_EVERY_MS);
  signal.addEventListener("abort", () => (clearInterval(timer), post()));
  navigator.sendBeacon(events, JSON.stringify({ session, events: [] })); // the session's clock begins
}
