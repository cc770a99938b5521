// Stand-ins for what only a browser or a server has.

/** Rows as the route `/assets` answers them. */
export function makeRows(count, { from = 0 } = {}) {
  return Array.from({ length: count }, (_, i) => ({
    id: `id-${from + i}`,
    label_id: null,
    label_name: null,
    split: null,
    row_version: 1,
  }));
}

/** A client that answers with what the function `answer(path, query or body)` returns or throws. */
export function makeClient(answer) {
  const asked = [];
  const ask = async (path, given) => {
    asked.push([path, given]);
    return answer(path, given);
  };
  return { asked, get: ask, post: ask };
}

/** Pages of a list of so many rows, asked for by place or by the key of the last row. */
export function makeList(total) {
  return makeClient((path, { position, after, limit }) => {
    const start = after === undefined ? (position ?? 0) : Number(after);
    const assets = makeRows(Math.min(limit, total - start), { from: start });
    const end = start + assets.length;
    return { assets, next: end < total ? String(end) : null, revision: 7 };
  });
}

/** Keeps records as IndexedDB does: by copy. */
export function makeStore(kept = []) {
  const records = new Map(kept.map((record) => [record.operation_id, structuredClone(record)]));
  return {
    records,
    all: async () => [...records.values()].map((record) => structuredClone(record)),
    put: async (record) => records.set(record.operation_id, structuredClone(record)),
    remove: async (id) => records.delete(id),
  };
}

/** Let everything run that waits for nothing but its turn. */
export async function settle() {
  for (let i = 0; i < 50; i += 1) await Promise.resolve();
}
