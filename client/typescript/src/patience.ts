// A fetch that asks again where a later try may be answered: an analysis changes nothing, so that any request for one
// may be sent again. docs/http-api.md, "Trying again".

const AGAIN = new Set([408, 429, 502, 503]);
const FIRST_MS = 500;
const MAX_MS = 8_000;
const JITTER = 0.25; // of a wait that the service names: who was refused together does not come back together

/** Waits as long as Retry-After says, else twice as long each time, until `patienceMs` are over; then the last answer
 * counts, or the last error is thrown. */
export function patientFetch(patienceMs: number, fetch: typeof globalThis.fetch): typeof globalThis.fetch {
  return async (input, init) => {
    const request = new Request(input, init);
    const end = Date.now() + patienceMs;
    for (let n = 0; ; n++) {
      const reply = await attempt(fetch, request);
      if (reply instanceof Response && !AGAIN.has(reply.status)) return reply;
      const waitMs = namedWait(reply) ?? (0.5 + Math.random() / 2) * Math.min(MAX_MS, FIRST_MS * 2 ** n);
      if (request.signal.aborted || Date.now() + waitMs > end) {
        if (reply instanceof Response) return reply;
        throw reply;
      }
      await new Promise((resolve) => setTimeout(resolve, waitMs));
    }
  };
}

async function attempt(fetch: typeof globalThis.fetch, request: Request): Promise<Response | Error> {
  try {
    return await fetch(request.clone());
  } catch (error) {
    return error instanceof Error ? error : new Error(String(error));
  }
}

function namedWait(reply: Response | Error): number | undefined {
  const seconds = reply instanceof Response ? reply.headers.get("Retry-After") : null;
  if (seconds === null || !/^\d+$/.test(seconds)) return undefined; // a date, as some proxies send
  return 1000 * (Number(seconds) + Math.random() * Math.max(0.1, JITTER * Number(seconds)));
}
