// What is shown: messages, results, progress. Text is only ever put in as text.

import {word} from "./words.js";

const list = document.getElementById("messages");
const scroller = document.getElementById("scroller");
const status = document.getElementById("status");
const PICTURES = {"preview.jpg": "web-picture-preview", "sticker.webp": "web-picture-sticker", "sticker.png": "web-picture-sticker", "scene.jpg": "web-picture-scene"};

const shown = new Map(); // number -> element
const jobs = new Map(); // job -> element with its progress
const pending = new Map(); // id -> element of what is on its way
const previews = new Map(); // id -> address of one's own photo or voice, known in this tab only

export function element(name, classes, ...children) {
  const made = document.createElement(name);
  if (classes) made.className = classes;
  made.append(...children.filter((child) => child != null));
  return made;
}

export function icon(name) {
  const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
  const use = document.createElementNS("http://www.w3.org/2000/svg", "use");
  use.setAttribute("href", `#i-${name}`);
  svg.setAttribute("aria-hidden", "true");
  svg.append(use);
  return svg;
}

const atEnd = () => scroller.scrollHeight - scroller.scrollTop - scroller.clientHeight < 160;

export function toEnd() {
  scroller.scrollTop = scroller.scrollHeight;
}

// Change the list, and stay at its end if the reader was there.
function changing(change, follow = atEnd()) {
  change();
  if (follow) toEnd();
}

export class View {
  constructor(press) {
    this.press = press; // (button data, label)
    this.language = document.documentElement.lang;
    new ResizeObserver(() => this.following && toEnd()).observe(list);
    scroller.addEventListener("scroll", () => { this.following = atEnd(); }, {passive: true});
    this.following = true;
  }

  everything({messages, progress}) {
    const numbers = new Set(messages.map((message) => message.number));
    for (const [number, old] of shown) if (!numbers.has(number)) this.drop(number, old);
    const live = new Set([...messages, ...progress].map(({job}) => job));
    for (const job of [...jobs.keys()]) if (!live.has(job)) this.ended({job}); // while nobody was listening
    list.setAttribute("aria-live", "off"); // a conversation from earlier is not read out
    this.messages(messages, true);
    for (const frame of progress) this.progress(frame);
    requestAnimationFrame(() => list.setAttribute("aria-live", "polite"));
  }

  messages(messages, follow) {
    changing(() => messages.forEach((message) => this.message(message)), follow ?? (atEnd() || messages.some((m) => m.mine)));
  }

  cleared(messages, again) {
    for (const [number, old] of shown) this.drop(number, old);
    for (const address of previews.values()) URL.revokeObjectURL(address);
    previews.clear();
    pending.clear();
    jobs.clear();
    list.replaceChildren();
    this.messages(messages, true);
    const button = element("button", "strong", word("web-begin"));
    button.type = "button";
    button.onclick = again;
    list.lastElementChild?.querySelector(".body")?.append(element("div", "buttons", button));
  }

  drop(number, old) {
    shown.delete(number);
    if (old.dataset.job) jobs.delete(old.dataset.job);
    old.remove();
  }

  message(message) {
    if (message.number && shown.has(message.number)) return;
    if (message.language) this.language = message.language;
    const made = message.mine ? this.mine(message) : this.theirs(message);
    if (message.job) {
      jobs.get(message.job)?.remove();
      jobs.set(message.job, made);
      made.dataset.job = message.job;
    }
    if (message.number) shown.set(message.number, made);
    if (message.id) made.dataset.id = message.id;
    pending.get(message.id)?.remove();
    pending.delete(message.id);
    list.insertBefore(made, list.querySelector(".pending")); // the server's order; what is on its way stays last
  }

  // What I sent is shown before it has arrived.
  sending(message, again) {
    const made = this.mine(message);
    made.classList.add("pending");
    made.again = again;
    pending.set(message.id, made);
    changing(() => list.append(made), true);
  }

  preview(id, address) {
    previews.set(id, address);
  }

  // The server has it; its message may have been shown before the connection broke, or is on its way.
  arrived(id) {
    const made = pending.get(id);
    if (made && [...shown.values()].some((other) => other.dataset.id === id)) {
      pending.delete(id);
      made.remove();
    }
  }

  notSent(id, why) {
    const made = pending.get(id);
    if (!made || made.querySelector(".why")) return;
    made.classList.add("lost");
    const again = element("button", "", word("web-try-again"));
    again.type = "button";
    again.onclick = () => {
      made.classList.remove("lost");
      made.querySelector(".why").remove();
      made.again();
    };
    made.append(element("p", "why", why, " ", made.again ? again : null));
  }

  mine(message) {
    const bubble = element("div", "bubble");
    if (message.sent) {
      bubble.classList.add("sent");
      bubble.append(...this.sent(message));
    } else bubble.append(message.text);
    return this.item("mine", "web-from-you", message, bubble);
  }

  // One's own photo or voice: from this tab, else from the server as long as it is kept.
  sent({id, sent, url, gone}) {
    const address = previews.get(id) ?? url;
    const photo = sent === "photo";
    const only = (lost) => [icon(photo ? "photo" : "wave"), word(`web-${sent}-${lost ? "gone" : "sent"}`)];
    if (!address) return only(gone);
    const made = element(photo ? "img" : "audio", "");
    if (photo) made.alt = word("web-photo-sent");
    else Object.assign(made, {controls: true, preload: "none", ariaLabel: word("web-voice-sent")});
    made.onerror = () => made.replaceWith(...only(!photo)); // a photo that no browser shows, a voice that is gone
    made.src = address;
    return [made];
  }

  theirs(message) {
    if (message.job) return this.live(message);
    const media = message.media && this.media(message.media);
    const text = message.text ? element("div", "bubble", ...paragraphs(message.text)) : null;
    return this.item("theirs", "web-from-bot", message, media, text, this.buttons(message));
  }

  item(whose, who, message, ...parts) {
    const time = message.at && element("time", "", new Date(message.at * 1000).toLocaleTimeString(document.documentElement.lang, {hour: "numeric", minute: "2-digit"}));
    const made = element("li", whose, element("span", "unseen", word(who)), element("div", "body", ...parts), time || null);
    if (message.media) made.classList.add("with-media");
    return made;
  }

  buttons(message) {
    if (!message.buttons?.length && !message.media) return null;
    const box = element("div", "buttons", ...(message.buttons ?? []).flat().map((button) => this.button(button)));
    if (message.media) {
      const save = element("a", "button", icon("down"), word("web-download"));
      save.href = `${message.media.url}?save`;
      save.download = "";
      box.append(save);
    }
    return box;
  }

  button({label, data}) {
    const numbered = /^(\d+)\. (.+)$/.exec(label);
    const made = element("button", "", ...(numbered ? [element("span", "number", numbered[1]), numbered[2]] : [label]));
    made.type = "button";
    made.ariaLabel = label;
    if (/^v1:(agree|style\.)/.test(data)) made.classList.add("strong");
    if (/^v1:(forget|dropped)/.test(data)) made.classList.add("danger");
    made.onclick = () => {
      made.disabled = true; // until the answer is there: one press, one event
      setTimeout(() => { made.disabled = false; }, 700);
      this.press(data, numbered?.[2] ?? label);
    };
    return made;
  }

  media({name, url}) {
    if (PICTURES[name]) {
      const picture = element("img", {"preview.jpg": "sheet", "scene.jpg": "scene"}[name] ?? "sticker");
      picture.src = url;
      picture.alt = word(PICTURES[name]);
      if (name !== "preview.jpg") [picture.width, picture.height] = [512, 512];
      return picture;
    }
    const video = element("video", name === "note.mp4" ? "note" : name === "talk.webm" ? "moving" : "talk");
    Object.assign(video, {src: url, controls: true, playsInline: true, preload: "metadata", ariaLabel: word("web-picture-video")});
    return video;
  }

  live(message) {
    const bar = element("div", "bar", element("i", ""));
    bar.role = "progressbar";
    bar.ariaValueMin = "0";
    bar.ariaValueMax = "100";
    const made = this.item("theirs live", "web-from-bot", message, element("div", "bubble", element("b", ""), element("span", ""), bar, this.buttons(message)));
    made.ariaLive = "off"; // the stages are read out by the status line
    this.fill(made, message.text, 0);
    return made;
  }

  fill(card, text, done) {
    const [what, ...how] = text.split("\n");
    const [title, stage, bar] = card.querySelector(".bubble").children;
    title.textContent = what;
    if (stage.textContent !== how.join(" ")) stage.textContent = status.textContent = how.join(" ");
    bar.ariaLabel = what;
    bar.ariaValueNow = String(Math.round(done * 100));
    bar.firstElementChild.style.transform = `scaleX(${Math.max(done, 0.02)})`;
    card.classList.toggle("idle", done === 0);
  }

  progress(frame) {
    changing(() => {
      if (!jobs.has(frame.job)) this.message({...frame, number: 0});
      this.fill(jobs.get(frame.job), frame.text, frame.done);
    });
  }

  ended({job}) {
    const card = jobs.get(job);
    if (!card) return;
    jobs.delete(job);
    for (const [number, old] of shown) if (old === card) shown.delete(number);
    changing(() => card.remove());
    status.textContent = "";
  }
}

function paragraphs(text) {
  return text.split("\n").map((line) => element("p", "", line));
}
