// Asks the server for epochs after the last known one, only while somebody looks.

const POLL_MS = 1000;
const RETRY_MS = 4000;

export class Feed {
  constructor(element, { onAnswer, onTrouble, askForToken }) {
    this.onAnswer = onAnswer;
    this.onTrouble = onTrouble;
    this.askForToken = askForToken;
    this.isSeen = true;
    this.timer = 0;
    this.after = 0;
    this.isEnded = true;
    this.observer = new IntersectionObserver(([entry]) => {
      this.isSeen = entry.isIntersecting;
      this.wake();
    });
    this.observer.observe(element);
    this.onVisibility = () => this.wake();
    document.addEventListener("visibilitychange", this.onVisibility);
  }

  follow({ url, token, after, isEnded }) {
    const isOther = url !== this.url || (this.isEnded && !isEnded) || token !== this.token;
    Object.assign(this, { url, token, after, isEnded });
    if (isOther) this.hasAsked = false;
    this.wake();
  }

  wake() {
    clearTimeout(this.timer);
    if (this.isEnded || !this.isSeen || document.visibilityState === "hidden") return;
    this.timer = setTimeout(() => this.ask(), this.hasAsked ? POLL_MS : 0);
  }

  async ask() {
    if (this.isAsking) return;
    this.isAsking = true;
    this.hasAsked = true;
    const { url, after } = this;
    let wait = POLL_MS;
    try {
      const response = await fetch(`${url}?after=${after}`, { headers: { "X-Forge-Token": this.token } });
      if (response.status === 401) {
        this.isEnded = true; // until a new token arrives with `follow`
        this.askForToken();
      } else if (response.status === 404) {
        this.isEnded = true; // removed; the page says so
      } else if (!response.ok) {
        throw new Error(`HTTP ${response.status}`);
      } else if (url === this.url) {
        this.onTrouble("");
        this.onAnswer(await response.json());
      }
    } catch {
      wait = RETRY_MS;
      this.onTrouble("The server does not answer; the run goes on without it. Trying again.");
    } finally {
      this.isAsking = false;
    }
    clearTimeout(this.timer);
    if (!this.isEnded && this.isSeen && document.visibilityState !== "hidden") {
      this.timer = setTimeout(() => this.ask(), wait);
    }
  }

  close() {
    clearTimeout(this.timer);
    this.isEnded = true;
    this.observer.disconnect();
    document.removeEventListener("visibilitychange", this.onVisibility);
  }
}
