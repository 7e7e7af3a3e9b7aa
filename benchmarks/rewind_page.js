// Runs in a page of Home Assistant's frontend: see rewind_page.py.
(() => {
  const canvas = document.createElement("canvas");
  [canvas.width, canvas.height] = [192, 108];
  const context = canvas.getContext("2d", { willReadFrequently: true });
  // Brightness of a picture, as base64.
  const pixels = (picture) => {
    context.drawImage(picture, 0, 0, canvas.width, canvas.height);
    const { data } = context.getImageData(0, 0, canvas.width, canvas.height);
    let text = "";
    for (let i = 0; i < data.length; i += 4) text += String.fromCharCode(data[i + 1]);
    return btoa(text);
  };
  const deep = (root, selector, found = []) => {
    for (const one of root.querySelectorAll("*")) {
      if (one.matches(selector)) found.push(one);
      if (one.shadowRoot) deep(one.shadowRoot, selector, found);
    }
    return found;
  };
  // A video that seeks has no data of there, and shows what it had: the picture below it is not seen.
  const painting = (video) => video.readyState > 1 || video.getVideoPlaybackQuality().totalVideoFrames > 0;
  const filled = (one) =>
    one.localName === "video" ? one.videoWidth > 0 && painting(one) : one.complete && one.naturalWidth > 0;
  // Whether a picture fills most of a card.
  const large = (card) => {
    const { width } = card.getBoundingClientRect();
    return (one) => one.checkVisibility() && one.getBoundingClientRect().width > width / 2;
  };
  // The picture of a card that covers the others: later elements lie above.
  const top = (card) => {
    const fits = large(card);
    return deep(card.shadowRoot, "img, video").findLast((one) => filled(one) && fits(one));
  };
  const told = (one) => {
    if (one.localName !== "video") return `${one.className} img (${filled(one) ? "shown" : "empty"})`;
    const { readyState, currentTime, seeking, paused } = one;
    return `video (ready: ${readyState}, at ${currentTime.toFixed(2)} s, seeking: ${seeking}, paused: ${paused})`;
  };
  // What a card shows, in words, for an error.
  const seen = (card) => {
    const pictures = deep(card.shadowRoot, "img, video").filter(large(card)).map(told).join(", ");
    return `the card is ${card.rewind.mode} at ${card.rewind.shown}, with, from below, ${pictures || "no picture"}`;
  };
  // The first frame of a video that is wanted; an error after some ms.
  const painted = (video, wanted = () => true, ms = 20_000) => new Promise((done, failed) => {
    const timer = setTimeout(() => failed(new Error(`no such frame within ${ms} ms: ${told(video)}`)), ms);
    const frame = (now, { mediaTime }) => {
      if (!wanted(mediaTime)) return video.requestVideoFrameCallback(frame);
      clearTimeout(timer);
      done({ at: now, mediaTime, pixels: pixels(video) });
    };
    video.requestVideoFrameCallback(frame);
  });

  const screen = () => new Promise(requestAnimationFrame);
  // Goes to another view of the dashboard, as its tabs do.
  const show = (path) => {
    history.pushState(null, "", path);
    dispatchEvent(new CustomEvent("location-changed"));
  };
  // Opens a view with a card; ms until its first video shows a frame.
  const open = async (path) => {
    const began = performance.now();
    show(path);
    for (;;) {
      const [card] = deep(document, "retrocam-camera-card");
      const video = card?.shadowRoot && deep(card.shadowRoot, "video").find(filled);
      if (video) return (await painted(video)).at - began;
      await screen();
    }
  };

  let player;
  const stop = () => player?.remove();
  // Starts Home Assistant's player on a camera, or on a playlist of ours; ms until its first frame.
  const start = async ({ entity, entry, past }) => {
    stop();
    const home = document.querySelector("home-assistant");
    const began = performance.now();
    player = document.createElement("ha-hls-player");
    player.hass = home.hass;
    player.muted = player.autoPlay = player.playsInline = true;
    player.style.cssText = "position:fixed;left:0;top:0;width:640px;height:360px;z-index:9999";
    if (entity) player.entityid = entity;
    else {
      const urls = await home.hass.callWS({ type: "retrocam/urls", entry_id: entry });
      player.url = home.hass.hassUrl((!past && urls.footage_live) || urls.footage_playlist);
    }
    // Its contexts are found from there.
    home.shadowRoot.append(player);
    await player.updateComplete;
    const { at } = await painted(player.shadowRoot.querySelector("video"));
    return at - began;
  };
  // Seeks to a UNIX time, in s, as the card does; ms until a frame of there, and that frame.
  const jump = async (time) => {
    const video = player.shadowRoot.querySelector("video");
    const { details } = player._hlsPolyfillInstance.levels.find((level) => level.details);
    const fragment = details.fragments.findLast((one) => one.programDateTime / 1000 <= time);
    const position = fragment.start + time - fragment.programDateTime / 1000;
    // A busy page would see a later frame than the first one.
    video.pause();
    const began = performance.now();
    video.currentTime = position;
    const frame = await painted(video, (at) => Math.abs(at - position) < 1);
    void video.play();
    return { ms: frame.at - began, pixels: frame.pixels };
  };

  const POINTER = ["pointerdown", "pointermove"];
  // Follows what a card shows, frame by frame, and where its pointer is.
  let record;
  const follow = (card) => {
    record = { moves: [], shots: [], screens: [], kept: {} };
    const mine = record;
    let last;
    const tick = () => {
      if (record !== mine) return;
      const now = performance.now(), shown = top(card);
      mine.screens.push(now);
      // What is there at the beginning of a frame was painted with the one before.
      if (shown?.src && shown.localName === "img" && shown.src !== last) {
        last = shown.src;
        mine.shots.push([now, last]);
        mine.kept[last] ??= pixels(shown);
      }
      requestAnimationFrame(tick);
    };
    tick();
    // Of a pressed pointer: nothing is shown below one that hovers.
    mine.moved = ({ timeStamp, buttons }) => buttons && mine.moves.push([timeStamp, card.rewind.shown ?? null]);
    for (const type of POINTER) addEventListener(type, mine.moved);
  };
  const followed = () => {
    const { moves, shots, screens, kept, moved } = record;
    for (const type of POINTER) removeEventListener(type, moved);
    record = undefined;
    return { moves, screens, shots: shots.map(([at, src]) => [at, kept[src]]) };
  };
  // The video that a card plays; an error after some ms without one.
  const playing = async (card, ms) => {
    const began = performance.now();
    for (;;) {
      const shown = top(card);
      if (shown?.localName === "video" && !shown.seeking && !shown.paused) return shown;
      if (performance.now() - began > ms) throw new Error(`no video plays within ${ms} ms: ${seen(card)}`);
      await screen();
    }
  };
  // The first and the last frame that the video of a card shows within some ms, once it plays.
  const run = async (card, ms, patience) => {
    const video = await playing(card, patience);
    const first = await painted(video);
    const last = await painted(video, () => performance.now() - first.at > ms, ms + patience);
    if (top(card) !== video) throw new Error(`the video was covered or replaced: ${seen(card)}`);
    return [first, last];
  };
  const read = (card) => pixels(top(card));
  // The brightness of the video that a card shows; undefined while it shows a still.
  const readVideo = (card) => (top(card)?.localName === "video" ? read(card) : undefined);
  window.bench = { show, open, start, stop, jump, follow, followed, run, read, readVideo, seen, top };
})();
