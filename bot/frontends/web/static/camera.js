// Taking a photo on the page, where the browser allows it.

const $ = (id) => document.getElementById(id);

export class NoCamera extends Error {}

export class Camera {
  // taken(blob): the person wants this photo
  constructor(taken) {
    $("camera-close").onclick = () => $("camera").close();
    $("camera-take").onclick = () => this.take();
    $("camera-again").onclick = () => this.show(false);
    $("camera-use").onclick = () => $("still").toBlob((blob) => { $("camera").close(); taken(blob); }, "image/jpeg", 0.92);
    $("camera").onclose = () => this.end();
  }

  async start() {
    if (!navigator.mediaDevices) throw new NoCamera("web-camera-insecure");
    let stream;
    try {
      stream = await navigator.mediaDevices.getUserMedia({video: {facingMode: "user", width: {ideal: 1280}, height: {ideal: 960}}});
    } catch {
      throw new NoCamera("web-camera-absent");
    }
    this.end(); // pressed twice while the browser asked
    this.stream = stream;
    $("finder").srcObject = this.stream;
    this.show(false);
    $("camera").showModal();
    $("camera-take").focus();
  }

  take() {
    const {videoWidth: width, videoHeight: height} = $("finder");
    if (!width) return;
    Object.assign($("still"), {width, height});
    $("still").getContext("2d").drawImage($("finder"), 0, 0);
    this.show(true);
    $("camera-use").focus();
  }

  show(still) {
    $("finder").hidden = $("camera-take").hidden = still;
    $("still").hidden = $("camera-again").hidden = $("camera-use").hidden = !still;
  }

  end() {
    this.stream?.getTracks().forEach((track) => track.stop());
    $("finder").srcObject = null;
  }
}
