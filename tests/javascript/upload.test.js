import assert from "node:assert/strict";
import test from "node:test";

import { Refused, Unreachable } from "../../pages/components/javascript/client.js";
import { frame } from "../../pages/components/importing/upload/batches.js";
import {
  Chosen,
  entriesOf,
  fromEntries,
  fromInput,
} from "../../pages/components/importing/upload/choosing.js";
import { leftWords, Rate } from "../../pages/components/importing/upload/rate.js";
import { Uploads } from "../../pages/components/importing/upload/running.js";
import { Transfer } from "../../pages/components/importing/upload/transfer.js";
import { cutWords, describe } from "../../pages/components/importing/upload/view.js";

const CHANGED = 1_700_000_000_123;

/** A server that keeps what arrives, as the routes do. `fail(number)` may throw at each request of parts. */
class Server {
  constructor(fail = () => {}) {
    this.fail = fail;
    this.files = new Map();
    this.requests = 0;
    this.posted = [];
    this.earlier = new Map(); // what another upload has brought, by path
  }

  adopt(wanted) {
    const same = wanted.filter(
      ({ path, modified }) => modified === CHANGED && this.earlier.has(path),
    );
    for (const { path } of same) this.files.set(path, this.earlier.get(path));
    return Object.fromEntries(same.map(({ path }) => [path, this.files.get(path).length]));
  }

  async post(path, body) {
    this.posted.push([path, body]);
    if (path === "/uploads") return { upload_id: "u1", has_earlier: this.earlier.size > 0 };
    if (path.endsWith("/adopt")) return { arrived: this.adopt(body.files) };
    if (path.endsWith("/arrived")) {
      const sizes = body.paths.map((name) => [name, this.files.get(name)?.length ?? 0]);
      return { arrived: Object.fromEntries(sizes) };
    }
    return { num_files: this.files.size };
  }

  async postBytes(path, blob) {
    assert.equal(path, "/uploads/u1/parts");
    const data = Buffer.from(await blob.arrayBuffer());
    this.requests += 1;
    const number = this.requests;
    const start = 4 + data.readUInt32BE(0);
    const parts = JSON.parse(data.subarray(4, start));
    const keep = (some) => {
      let at = start;
      for (const { path: name, offset, size } of some) {
        const before = this.files.get(name) ?? Buffer.alloc(0);
        assert.ok(offset <= before.length, `${name} goes on behind its end`);
        const bytes = data.subarray(at, at + size);
        this.files.set(name, Buffer.concat([before.subarray(0, offset), bytes]));
        at += size;
      }
      assert.equal(at <= data.length, true);
    };
    this.fail(number, { parts, keep });
    keep(parts);
    return { refused: [] };
  }
}

function choose(...sizes) {
  const chosen = new Chosen();
  sizes.forEach((size, i) => {
    const bytes = Buffer.alloc(size, `${i} `);
    const file = Object.assign(new Blob([bytes]), { lastModified: CHANGED });
    chosen.add(`photos/${i}.png`, file);
  });
  return chosen;
}

async function expectAll(server, chosen) {
  assert.equal(server.files.size, chosen.files.length);
  for (const { path, file } of chosen.files) {
    const sent = Buffer.from(await file.arrayBuffer());
    assert.ok(sent.equals(server.files.get(path)), path);
  }
}

const pause = async () => {};
const cut = () => {
  throw new Unreachable("Failed to fetch");
};

test("a body is a list, and the bytes that it names", async () => {
  const file = new Blob(["0123456789"]);
  const body = Buffer.from(
    await (await frame([{ path: "é.png", file, offset: 2, size: 3 }])).arrayBuffer(),
  );
  const end = 4 + body.readUInt32BE(0);
  assert.deepEqual(JSON.parse(body.subarray(4, end)), [{ path: "é.png", offset: 2, size: 3 }]);
  assert.equal(body.subarray(end).toString(), "234");
});

test("many small files and a large one arrive whole, in few requests", async () => {
  const server = new Server();
  const chosen = choose(...Array(500).fill(100), 0, 5_000_000);
  const transfer = new Transfer(server, chosen, { pause });
  await transfer.run();
  assert.equal(transfer.state, "done");
  assert.equal(transfer.files, 502);
  assert.equal(transfer.bytes, chosen.bytes);
  assert.ok(server.requests < 30, server.requests);
  await expectAll(server, chosen);
  assert.deepEqual(server.posted[0], ["/uploads", { num_files: 502, size_bytes: chosen.bytes }]);
});

test("after a cut only what is missing is sent again", async () => {
  const sent = [];
  const server = new Server((number, { parts, keep }) => {
    sent.push(...parts.map(({ path }) => path));
    if (number === 1) keep(parts.slice(0, -1)); // all but one arrived, and the answer was lost
    if (number % 3 === 1) cut();
  });
  const chosen = choose(...Array(300).fill(50), 3_000_000);
  const waits = [];
  const transfer = new Transfer(server, chosen, { pause: async (ms) => waits.push(ms) });
  await transfer.run();
  assert.equal(transfer.state, "done");
  assert.equal(transfer.trouble, "");
  assert.equal(transfer.bytes, chosen.bytes);
  await expectAll(server, chosen);
  const first = sent.slice(0, 10).map((path) => sent.filter((other) => other === path).length);
  assert.deepEqual(first, Array(10).fill(1));
  assert.ok(waits.length > 0);
});

test("what an upload before a reload has brought is left out, and said", async () => {
  const server = new Server();
  const chosen = choose(...Array(1200).fill(10), 2_000_000);
  const bytesOf = async (at) => Buffer.from(await chosen.files[at].file.arrayBuffer());
  for (let at = 0; at < 700; at += 1) {
    server.earlier.set(chosen.files[at].path, await bytesOf(at));
  }
  server.earlier.set(chosen.files[1200].path, (await bytesOf(1200)).subarray(0, 500_000));
  const sent = [];
  server.fail = (_, { parts }) => sent.push(...parts);
  const transfer = new Transfer(server, chosen, { pause });
  await transfer.run();
  assert.equal(transfer.state, "done");
  assert.equal(transfer.here, 700);
  assert.equal(transfer.bytes, chosen.bytes);
  assert.equal(new Set(sent.map(({ path }) => path)).size, 501);
  assert.equal(sent.find(({ path }) => path === "photos/1200.png").offset, 500_000);
  await expectAll(server, chosen);
  transfer.state = "sending";
  const { here } = describe({ transfer, rate: new Rate() });
  assert.equal(here, "700 of 1,201 are here already; sending the rest");
  const halted = { name: "photos", here: 1240, asked: 5000 };
  assert.match(cutWords(halted), /^photos was cut off: 1,240 of 5,000 files are here\. Choose it/);
});

test("it waits longer each time, and says what it waits for", async () => {
  const server = new Server((number) => number < 8 && cut());
  const waits = [];
  const troubles = new Set();
  const transfer = new Transfer(server, choose(10), {
    pause: async (ms) => waits.push(ms),
    onChange: ({ trouble }) => troubles.add(trouble),
  });
  await transfer.run();
  assert.deepEqual(waits, [500, 1000, 2000, 4000, 8000, 8000, 8000]);
  assert.deepEqual([...troubles], ["Failed to fetch", ""]);
});

test("a full disk halts it with the server's words, and it goes on from there", async () => {
  let isFull = true;
  const server = new Server((number) => {
    if (number > 2 && isFull) throw new Refused(507, { message: "The disk is full." });
  });
  const chosen = choose(...Array(400).fill(10));
  const transfer = new Transfer(server, chosen, { pause });
  await transfer.run();
  assert.equal(transfer.state, "halted");
  assert.equal(describe({ transfer, rate: new Rate() }).trouble, "The disk is full.");
  isFull = false;
  await transfer.resume();
  assert.equal(transfer.state, "done");
  assert.equal(transfer.files, 400);
  await expectAll(server, chosen);
});

test("where the server has nothing of it any more, it begins anew", async () => {
  const server = new Server((number) => {
    if (number === 2) throw new Refused(404, { message: "It is not here any more." });
  });
  const chosen = choose(...Array(100).fill(10));
  const transfer = new Transfer(server, chosen, { pause });
  await transfer.run();
  server.files.clear();
  await transfer.resume();
  assert.equal(server.posted.filter(([path]) => path === "/uploads").length, 2);
  await expectAll(server, chosen);
});

test("a file that cannot be read is left out and told, the others arrive", async () => {
  const broken = {
    size: 5,
    slice: () => ({ arrayBuffer: async () => Promise.reject(new Error("NotReadableError")) }),
  };
  const chosen = choose(10, 10);
  chosen.add("photos/gone.png", broken);
  const server = new Server();
  const postBytes = server.postBytes.bind(server);
  let hasGone = true; // what fetch does with a body that cannot be read
  server.postBytes = (path, blob) => (hasGone ? cut() : postBytes(path, blob));
  const transfer = new Transfer(server, chosen, { pause });
  const { compare } = transfer;
  transfer.compare = async (some) => {
    await compare.call(transfer, some);
    hasGone = false;
  };
  await transfer.run();
  assert.equal(transfer.state, "done");
  assert.deepEqual(server.posted.at(-1), [
    "/uploads/u1/finish",
    { unreadable: ["photos/gone.png"] },
  ]);
  assert.deepEqual([...server.files.keys()].sort(), ["photos/0.png", "photos/1.png"]);
});

test("cancel ends what is under way and removes what has arrived", async () => {
  const server = new Server();
  const signals = [];
  server.postBytes = (path, blob, { signal }) =>
    new Promise((_, reject) => {
      signals.push(signal);
      signal.onabort = () => reject(new Unreachable("aborted"));
      if (signals.length === 3) transfer.cancel();
    });
  const transfer = new Transfer(server, choose(...Array(300).fill(10)), { pause });
  await transfer.run();
  assert.equal(transfer.state, "cancelled");
  assert.ok(signals.every(({ aborted }) => aborted));
  assert.deepEqual(server.posted.at(-1), ["/uploads/u1/cancel", {}]);
});

const makeFile = (path) => ({
  isFile: true,
  fullPath: `/${path}`,
  file: (resolve) => resolve(new Blob([path])),
});

/** A dropped folder; its entries are given a few at a time, as browsers do. */
function makeFolder(path, entries) {
  return {
    isDirectory: true,
    fullPath: `/${path}`,
    createReader: () => {
      const left = [...entries];
      return { readEntries: (resolve) => resolve(left.splice(0, 2)) };
    },
  };
}

test("a dropped folder is walked, without what the system keeps in it", async () => {
  const broken = { isFile: true, fullPath: "/p/x.png", file: (_, reject) => reject(new Error()) };
  const files = ["p/a/1.png", "p/a/2.png", "p/.DS_Store", "p/__MACOSX/1.png"].map(makeFile);
  const hidden = makeFolder("p/.git", [makeFile("p/.git/HEAD")]);
  const items = [makeFolder("p", [...files, hidden, broken]), makeFile("p.zip"), null].map(
    (entry) => ({ kind: entry ? "file" : "string", webkitGetAsEntry: () => entry }),
  );
  const seen = [];
  const { chosen, unreadable } = await fromEntries(entriesOf({ items }), {
    onFile: (found) => seen.push(found),
  });
  assert.deepEqual(
    chosen.files.map(({ path }) => path),
    ["p/a/1.png", "p/a/2.png", "p.zip"],
  );
  assert.deepEqual(unreadable, ["p/x.png"]);
  assert.equal(seen.at(-1), 3);
});

test("files of one path from two places are both kept", async () => {
  const file = new Blob(["x"]);
  file.name = "a.png";
  const named = new Blob(["y"]);
  named.webkitRelativePath = "b/c.png";
  const chosen = await fromInput([file, file, named, file]);
  assert.deepEqual(
    chosen.files.map(({ path }) => path),
    ["a.png", "a (2).png", "b/c.png", "a (3).png"],
  );
  assert.equal(chosen.bytes, 4);
});

test("5,000 files are looked at in pieces, so that the page answers in between", async () => {
  let clock = 0;
  let longest = 0;
  let since = 0;
  const { makeBreather } = await import("../../pages/components/importing/upload/breath.js");
  const breather = makeBreather(
    () => clock,
    async () => {
      longest = Math.max(longest, clock - since);
      since = clock;
    },
  );
  const list = Array.from({ length: 5000 }, (_, i) => ({
    get name() {
      clock += 1;
      return `${i}.png`;
    },
    size: 1,
  }));
  const chosen = await fromInput(list, breather);
  assert.equal(chosen.files.length, 5000);
  assert.ok(longest > 0 && longest < 50, longest);
});

test("one upload at a time; a page forgets the one it has taken", async () => {
  const server = new Server();
  const made = [];
  const uploads = new Uploads((...all) => {
    made.push(new Transfer(...all));
    return made.at(-1);
  });
  const list = [Object.assign(new Blob(["x"]), { name: "a.png" })];
  const first = uploads.sendList(server, list);
  await uploads.sendList(server, list);
  await first;
  assert.equal(made.length, 1);
  assert.equal(describe(uploads).what, "1 file is here and looked at");
  uploads.forget("another");
  assert.ok(uploads.isBusy);
  uploads.forget("u1");
  assert.ok(!uploads.isBusy);
  await uploads.sendList(server, []);
  assert.equal(describe(uploads).trouble, "There is no file in what was chosen.");
});

test("the rate is that of the last seconds, and the rest follows from it", () => {
  const rate = new Rate();
  rate.add(0, 0);
  assert.equal(rate.perSecond, 0);
  for (let second = 1; second <= 30; second += 1) {
    rate.add(second < 15 ? 0 : (second - 15) * 2e6, second * 1000);
  }
  assert.equal(Math.round(rate.perSecond / 1e5) / 10, 2);
  assert.equal(leftWords(10e6, 2e6), "about 5 s left");
  assert.equal(leftWords(1e9, 2e6), "about 9 min left");
  assert.equal(leftWords(1e9, 0), "");
});
