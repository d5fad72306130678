// The page: puts connection, view, recorder and camera together.

import {Camera} from "./camera.js";
import {Link, newId} from "./link.js";
import {Recorder} from "./record.js";
import {View, toEnd} from "./view.js";
import {speak, word} from "./words.js";

const MEGABYTES = 20; // of a photo or a voice; the server refuses more
const NOTICE_MS = 7000;
const COMPOSING = 229; // key code of an Enter that ends a Hangul syllable in Safari, where isComposing is off by then

const $ = (id) => document.getElementById(id);

const view = new View((data, label) => link.say({press: data, label: label.slice(0, 80)}));

const link = new Link({
  frame(frame) {
    if (frame.kind === "everything") view.everything(frame);
    else if (frame.kind === "messages") view.messages(frame.messages);
    else if (frame.kind === "progress") view.progress(frame);
    else if (frame.kind === "ended") view.ended(frame);
    else if (frame.kind === "taken") view.arrived(frame.id);
    else if (frame.kind === "failed") failed(frame.id);
    else if (frame.kind === "cleared") view.cleared(frame.messages, () => link.say({command: "start"}));
    if (view.language !== document.documentElement.lang) speak(view.language);
  },
  state(connected) {
    clearTimeout(link.late);
    if (connected) $("offline").hidden = true;
    else link.late = setTimeout(() => { $("offline").hidden = false; }, 1200);
  },
  door: askPassword,
  tooFast: () => notice(word("web-too-fast")),
});

function failed(id) {
  view.notSent(id, word("our-fault"));
  notice(word("our-fault"));
}

function notice(text) {
  $("notice").textContent = text;
  $("notice").hidden = false;
  clearTimeout(notice.timer);
  notice.timer = setTimeout(() => { $("notice").hidden = true; }, NOTICE_MS);
}

function askPassword(wrong) {
  $("password-wrong").hidden = !wrong;
  $("password").value = "";
  if (!$("door").open) $("door").showModal();
  $("password").focus();
  return new Promise((entered) => {
    $("door").querySelector("form").onsubmit = () => entered($("password").value);
    $("door").oncancel = (event) => event.preventDefault();
  });
}

// Sending.

function sayText() {
  const text = $("words").value.trim();
  if (!text) return;
  const id = newId();
  view.sending({id, text, mine: true});
  link.say({id, text});
  $("words").value = "";
  typed();
}

function sendFile(file, kind) {
  if (!file || !file.size) return;
  if (file.size > MEGABYTES * 1e6) return notice(word("web-too-large", {megabytes: MEGABYTES}));
  const id = newId();
  view.preview(id, URL.createObjectURL(file));
  const go = () => upload(id, file, kind);
  view.sending({id, sent: kind, mine: true}, go);
  go();
}

async function upload(id, file, kind) {
  try {
    const answer = await fetch(`/send/${kind}?id=${id}`, {method: "POST", body: file});
    if (answer.ok) return view.arrived(id);
    view.notSent(id, word(answer.status === 429 ? "web-too-fast" : "web-not-sent"));
  } catch {
    view.notSent(id, word("web-not-sent"));
  }
}

const isPhoto = (file) => file.type.startsWith("image/") || /\.(heic|heif|webp)$/i.test(file.name);

function sendAny(files) {
  for (const file of [...files].slice(0, 2)) sendFile(file, isPhoto(file) ? "photo" : "voice");
}

const camera = new Camera((photo) => sendFile(photo, "photo"));
const recorder = new Recorder((voice) => sendFile(voice, "voice"), notice);

// Composer.

function typed() {
  const words = $("words"), some = Boolean(words.value.trim());
  $("send").hidden = !some;
  $("record").hidden = some;
  words.style.height = "auto";
  words.style.height = `${Math.min(words.scrollHeight, 140)}px`;
}

function attachMenu(open) {
  if (!open && $("attach-menu").contains(document.activeElement)) $("attach").focus();
  $("attach-menu").hidden = !open;
  $("attach").ariaExpanded = String(open);
  if (open) $("take-photo").focus();
}

$("words").oninput = typed;
$("words").onkeydown = (event) => {
  if (event.key !== "Enter" || event.shiftKey || event.isComposing || event.keyCode === COMPOSING) return;
  event.preventDefault();
  sayText();
};
$("composer").onsubmit = (event) => {
  event.preventDefault();
  sayText();
};
$("attach").onclick = () => attachMenu($("attach-menu").hidden);
$("choose-photo").onclick = () => { $("photo-file").click(); attachMenu(false); };
$("choose-voice").onclick = () => { $("voice-file").click(); attachMenu(false); };
$("take-photo").onclick = async () => {
  attachMenu(false);
  try {
    await camera.start();
  } catch (problem) {
    notice(word(problem.message));
    $("photo-app").click();
  }
};
$("record").onclick = async () => {
  try {
    await recorder.start();
  } catch (problem) {
    notice(word(problem.message));
    $("voice-file").click();
  }
};
for (const [id, kind] of [["photo-file", "photo"], ["photo-app", "photo"], ["voice-file", "voice"]]) {
  $(id).onchange = ({target}) => {
    sendFile(target.files[0], kind);
    target.value = "";
  };
}
addEventListener("paste", (event) => event.clipboardData?.files.length && sendAny(event.clipboardData.files));
addEventListener("dragover", (event) => {
  if (!event.dataTransfer.types.includes("Files")) return; // words are dragged into the field
  event.preventDefault();
  $("drop").hidden = false;
});
addEventListener("dragleave", (event) => { if (!event.relatedTarget) $("drop").hidden = true; });
addEventListener("drop", (event) => {
  if (!event.dataTransfer.types.includes("Files")) return;
  event.preventDefault();
  $("drop").hidden = true;
  sendAny(event.dataTransfer.files);
});

// The rail: always there on a wide screen, behind a button on a narrow one.

function rail(open) {
  document.body.classList.toggle("rail-open", open);
  $("veil").hidden = !open;
  document.querySelector("main").inert = open; // Tab stays in the rail
  $("rail-open").ariaExpanded = String(open);
  (open ? $("rail-close") : $("rail-open")).focus();
}

matchMedia("(max-width: 860px)").onchange = () => document.body.classList.contains("rail-open") && rail(false);

$("rail-open").onclick = () => rail(true);
$("rail-close").onclick = $("veil").onclick = () => rail(false);
for (const button of document.querySelectorAll("[data-command]")) {
  button.onclick = () => {
    link.say({command: button.dataset.command});
    if (document.body.classList.contains("rail-open")) rail(false);
    toEnd();
  };
}
addEventListener("keydown", (event) => {
  if (event.key !== "Escape") return;
  if (!$("attach-menu").hidden) attachMenu(false);
  else if (document.body.classList.contains("rail-open")) rail(false);
  else if (recorder.active) recorder.stop(false);
});
addEventListener("click", ({target}) => {
  if (!$("attach-menu").hidden && !target.closest("#composer")) attachMenu(false);
});

await speak(document.documentElement.lang);
await link.start();
