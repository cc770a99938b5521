// Where changes wait through reloads and crashes.

/** IndexedDB with three verbs, or null where the browser forbids it (then memory has to do). */
export function openStore(name) {
  return new Promise((resolve) => {
    let request;
    try {
      request = indexedDB.open(name, 1);
    } catch {
      resolve(null);
      return;
    }
    request.onupgradeneeded = () =>
      request.result.createObjectStore("operations", { keyPath: "operation_id" });
    request.onerror = () => resolve(null);
    request.onsuccess = () => {
      const database = request.result;
      const run = (mode, work) =>
        new Promise((done) => {
          const transaction = database.transaction("operations", mode);
          const asked = work(transaction.objectStore("operations"));
          transaction.oncomplete = () => done(asked.result ?? true);
          transaction.onerror = transaction.onabort = () => done(null);
        });
      resolve({
        all: () => run("readonly", (store) => store.getAll()),
        put: (record) => run("readwrite", (store) => store.put(record)),
        remove: (id) => run("readwrite", (store) => store.delete(id)),
      });
    };
  });
}
