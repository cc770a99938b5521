// Requests to our own routes: token in a header, renewed through Streamlit when it expires.
// All components ask through it; nothing else fetches.

const API = "/forge-api";
const RENEWAL_TIMEOUT_MS = 15000;
const DISK_FULL = 507; // somebody has to free some space first

/** The server cannot be asked now; asking later may help. */
export class Unreachable extends Error {}

/** The server understood and said no; asking again does not help. */
export class Refused extends Error {
  constructor(status, content) {
    super(
      [content?.message, content?.next_step].filter(Boolean).join(" ") || `Refused (${status}).`,
    );
    this.status = status;
  }
}

/** Whether the server has another workspace by now: what was asked waits for ours to come back. */
const isElsewhere = (content) => Boolean(content?.workspace);

const readJson = (response) => response.json().catch(() => null);
const readBytes = (response) => response.arrayBuffer().catch(() => null);

/** What is asked for, behind a path; what has no value is left out. */
function written(query) {
  const given = Object.entries(query).filter(([, value]) => value != null && value !== "");
  const text = new URLSearchParams(given).toString();
  return text ? `?${text}` : "";
}

export class Client {
  /** `workspace` is the id that all addresses carry: another workspace never gets what this one asks. */
  constructor(workspace) {
    this.workspace = workspace;
    this.token = "";
    this.askForToken = () => {};
    this.waiting = [];
    this.session = null;
  }

  setToken(token) {
    this.token = token;
    for (const go of this.waiting.splice(0)) go();
  }

  get(path, query = {}) {
    return this.request(path + written(query), { method: "GET" });
  }

  /** The answer's bytes as they are. */
  getBytes(path, query = {}) {
    return this.request(path + written(query), { method: "GET" }, { read: readBytes });
  }

  post(path, body, { keepalive = false } = {}) {
    return this.send("POST", path, body, keepalive);
  }

  put(path, body, { keepalive = false } = {}) {
    return this.send("PUT", path, body, keepalive);
  }

  send(method, path, body, keepalive) {
    return this.request(path, {
      method,
      body: JSON.stringify(body),
      headers: { "Content-Type": "application/json" },
      keepalive,
    });
  }

  /** Bytes as they are; `signal` may end the request. */
  postBytes(path, bytes, { signal } = {}) {
    const headers = { "Content-Type": "application/octet-stream" };
    return this.request(path, { method: "POST", body: bytes, headers, signal });
  }

  /** The HTTP status that a path answers with, 0 when there is no answer from our workspace. */
  async statusOf(path) {
    try {
      const response = await this.fetch(path);
      if (response.ok) await response.body?.cancel();
      else if (isElsewhere(await readJson(response))) return 0;
      return response.status;
    } catch {
      return 0;
    }
  }

  /** Images carry no header, so a cookie is needed before the first one. Asked once a page. */
  openSession() {
    this.session ??= this.post("/session", {}).catch((error) => {
      this.session = null;
      throw error;
    });
    return this.session;
  }

  /** After an image failed: a fresh cookie, in case the old one has expired. */
  reopenSession() {
    this.session = null;
    return this.openSession();
  }

  address(path) {
    return `${API}/w/${this.workspace}${path}`;
  }

  fetch(path, options = {}) {
    return fetch(this.address(path), {
      ...options,
      headers: { ...options.headers, "X-Forge-Token": this.token },
    });
  }

  async request(path, options, { mayRenew = true, read = readJson } = {}) {
    const { token } = this;
    let response;
    try {
      response = await this.fetch(path, options);
    } catch (error) {
      throw new Unreachable(error.message);
    }
    const content = await (response.ok ? read : readJson)(response);
    if (response.ok && content) return content;
    if (response.status === 401 && mayRenew && !options.keepalive) {
      await this.renew(token);
      return this.request(path, options, { mayRenew: false, read });
    }
    const isOurs = content?.message || response.status === 413; // or something on the way said no
    if (
      response.status === 401 ||
      (response.status >= 500 && response.status !== DISK_FULL) ||
      response.ok ||
      response.status === 429 ||
      isElsewhere(content) ||
      !isOurs
    ) {
      throw new Unreachable(content?.message ?? `HTTP ${response.status}`);
    }
    throw new Refused(response.status, content);
  }

  /** Wait for another token than the one that was refused. */
  async renew(refused) {
    if (this.token !== refused) return;
    const arrived = new Promise((resolve) => this.waiting.push(resolve));
    if (this.waiting.length === 1) this.askForToken();
    const timeout = new Promise((resolve) => setTimeout(resolve, RENEWAL_TIMEOUT_MS));
    await Promise.race([arrived, timeout]);
    if (this.token === refused) {
      this.waiting = [];
      throw new Unreachable("no new token");
    }
  }
}
