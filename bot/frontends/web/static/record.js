// Recording a voice: microphone, level meter, at most a minute.

import {word} from "./words.js";

const LIMIT = 60; // s
const BAR = 3, GAP = 2; // px of the meter
const KINDS = ["audio/webm;codecs=opus", "audio/ogg;codecs=opus", "audio/mp4"];

const $ = (id) => document.getElementById(id);

export class NoMicrophone extends Error {}

const release = (stream) => stream.getTracks().forEach((track) => track.stop());

export class Recorder {
  // finished(blob): the person wants it sent; full(): a minute is over
  constructor(finished, full) {
    this.finished = finished;
    this.full = full;
    $("record-drop").onclick = () => this.stop(false);
    $("record-send").onclick = () => this.stop(true);
  }

  get active() { return Boolean(this.stream); }

  async start() {
    if (this.active) return;
    if (!navigator.mediaDevices || !window.MediaRecorder) throw new NoMicrophone("web-mic-insecure");
    let stream;
    try {
      stream = await navigator.mediaDevices.getUserMedia({audio: {channelCount: 1, noiseSuppression: true, autoGainControl: true}});
    } catch {
      throw new NoMicrophone("web-mic-absent");
    }
    if (this.active) return release(stream); // pressed twice while the browser asked
    this.stream = stream;
    const kind = KINDS.find((name) => MediaRecorder.isTypeSupported(name));
    this.pieces = [];
    this.recorder = new MediaRecorder(this.stream, kind ? {mimeType: kind, audioBitsPerSecond: 48000} : {});
    this.recorder.ondataavailable = ({data}) => this.pieces.push(data);
    this.recorder.start(500);
    this.began = performance.now();
    this.listen();
    $("typing").hidden = true;
    $("recording").hidden = false;
    $("record-send").focus();
  }

  listen() {
    this.audio = new AudioContext();
    this.ear = this.audio.createAnalyser();
    this.ear.fftSize = 1024;
    this.audio.createMediaStreamSource(this.stream).connect(this.ear);
    this.levels = [];
    const sound = new Float32Array(this.ear.fftSize);
    this.timer = setInterval(() => {
      this.ear.getFloatTimeDomainData(sound);
      const loudness = Math.sqrt(sound.reduce((sum, x) => sum + x * x, 0) / sound.length);
      const level = Math.min(1, Math.max(0, 1 + Math.log10(loudness + 1e-6) / 2.2)); // -44 dB .. 0 dB
      this.levels.push(level);
      this.draw(level);
      const seconds = (performance.now() - this.began) / 1000;
      $("record-time").textContent = `${Math.floor(seconds / 60)}:${String(Math.floor(seconds % 60)).padStart(2, "0")}`;
      if (seconds >= LIMIT && this.recorder.state === "recording") {
        this.recorder.stop();
        clearInterval(this.timer);
        this.full(word("web-record-full"));
      }
    }, 50);
  }

  draw(level) {
    const canvas = $("level"), scale = devicePixelRatio, pen = canvas.getContext("2d");
    const {clientWidth: width, clientHeight: height} = canvas;
    canvas.width = width * scale;
    canvas.height = height * scale;
    canvas.ariaValueNow = String(Math.round(level * 100));
    pen.scale(scale, scale);
    pen.fillStyle = getComputedStyle(canvas).color;
    const count = Math.floor(width / (BAR + GAP));
    this.levels.slice(-count).forEach((x, i, all) => {
      const tall = Math.max(3, x * height);
      pen.beginPath();
      pen.roundRect(width - (all.length - i) * (BAR + GAP), (height - tall) / 2, BAR, tall, 1.5);
      pen.fill();
    });
  }

  async stop(wanted) {
    if (!this.active) return;
    const stream = this.stream;
    this.stream = null; // a second press changes nothing
    clearInterval(this.timer);
    if (this.recorder.state === "recording") {
      const stopped = new Promise((done) => { this.recorder.onstop = done; });
      this.recorder.stop();
      await stopped;
    }
    release(stream);
    this.audio.close();
    $("record-time").textContent = "0:00";
    $("typing").hidden = false;
    $("recording").hidden = true;
    $("record").focus();
    if (wanted) this.finished(new Blob(this.pieces, {type: this.recorder.mimeType}));
    this.pieces = [];
  }
}
