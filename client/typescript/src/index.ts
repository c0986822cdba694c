// Asks a copydesk service. The types are those of docs/openapi.json: `npm run generate` writes schema.ts from it.

import openClient, { type Client } from "openapi-fetch";
import { patientFetch } from "./patience.js";
import type { components, paths } from "./schema.js";

export type Result = components["schemas"]["ResultOut"];
export type Failure = components["schemas"]["FailureOut"];
export type AnalyzeRequest = components["schemas"]["AnalyzeRequest"];
export type { components, paths };

export interface ClientOptions {
  /** An API key, where the service wants one. */
  key?: string;
  /** Milliseconds that the service may refuse, or not be there; by default 300,000. */
  patienceMs?: number;
  fetch?: typeof globalThis.fetch;
}

/** A client of the service at `address`: `await client.POST("/v1/analyze", { body: { documents: [{ text }] } })`.
 * Offsets in its answers count code points unless the request says `offsets: "utf16"`, as strings here do. */
export function createClient(address: string, options: ClientOptions = {}): Client<paths> {
  const { key, patienceMs = 300_000, fetch = globalThis.fetch } = options;
  return openClient<paths>({
    baseUrl: address,
    headers: key === undefined ? {} : { Authorization: `Bearer ${key}` },
    fetch: patientFetch(patienceMs, fetch),
  });
}

/** Whether a document has no analysis; `error` says why. */
export function isFailure(result: Result | Failure): result is Failure {
  return "error" in result;
}
