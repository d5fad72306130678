// The connection to the server: opened again whenever it breaks, and what was not answered is sent again.
// Every message has an id, so that one that arrives twice changes nothing.

const FIRST_WAIT = 400, LONGEST_WAIT = 8000; // ms between tries

export const newId = () => Array.from(crypto.getRandomValues(new Uint8Array(16)), (b) => b.toString(16).padStart(2, "0")).join("");

export class Link {
  // on: {frame(frame), state(connected), door(wrong) -> password, tooFast()}
  constructor(on) {
    this.on = on;
    this.unanswered = new Map();
    this.wait = FIRST_WAIT;
    this.socket = null;
    addEventListener("online", () => this.retryNow());
    document.addEventListener("visibilitychange", () => document.hidden || this.retryNow());
  }

  async start() {
    for (let password = ""; ;) {
      let answer;
      try {
        answer = await fetch("/session", {method: "POST", body: JSON.stringify(password ? {password} : {})});
      } catch { /* nobody there: tried again below */ }
      if (answer?.ok) return this.connect();
      if (answer?.status === 401) password = await this.on.door(Boolean(password));
      else {
        this.on.state(false);
        await this.pause();
      }
    }
  }

  connect() {
    const socket = this.socket = new WebSocket(`${location.protocol === "https:" ? "wss" : "ws"}://${location.host}/ws`);
    let greeted = false;
    socket.onmessage = ({data}) => {
      const frame = JSON.parse(data);
      if (frame.id) this.unanswered.delete(frame.id);
      this.on.frame(frame);
      if (frame.kind === "everything") {
        greeted = true;
        this.wait = FIRST_WAIT;
        this.on.state(true);
        for (const said of this.unanswered.values()) socket.send(said);
      }
    };
    socket.onclose = async ({code}) => {
      this.on.state(false);
      if (code === 1008) {
        this.unanswered.clear();
        this.on.tooFast();
        this.wait = LONGEST_WAIT;
      }
      await this.pause();
      greeted ? this.connect() : this.start();
    };
  }

  pause() {
    const wait = this.wait * (0.7 + 0.6 * Math.random());
    this.wait = Math.min(2 * this.wait, LONGEST_WAIT);
    return new Promise((go) => { this.go = go; setTimeout(go, wait); });
  }

  retryNow() {
    if (this.socket?.readyState !== WebSocket.OPEN) this.go?.();
  }

  say(frame) {
    const id = frame.id ?? newId();
    const text = JSON.stringify({...frame, id});
    this.unanswered.set(id, text);
    if (this.socket?.readyState === WebSocket.OPEN) this.socket.send(text);
    return id;
  }
}
