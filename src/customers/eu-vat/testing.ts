/** A stand-in for VIES on a port of this machine: it remembers what it was asked, and answers as it is told. */
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";

export interface Asked {
  readonly method: string | undefined;
  readonly path: string | undefined;
  readonly contentType: string | undefined;
  readonly body: unknown;
}

export type Reply = (response: ServerResponse) => void;

export interface ViesDouble {
  readonly url: string;
  readonly asked: Asked[];
  /** What it answers from now on. */
  reply(reply: Reply): void;
  close(): Promise<void>;
}

/** An answer with this status and body: text as it is, anything else as JSON. */
export const json =
  (status: number, body: unknown): Reply =>
  (response) => {
    response.writeHead(status, { "content-type": "application/json" });
    response.end(typeof body === "string" ? body : JSON.stringify(body));
  };

export const busy = (error: string, status = 200): Reply =>
  json(status, { actionSucceed: false, errorWrappers: [{ error }] });

export const found = (valid: boolean): Reply =>
  json(200, {
    countryCode: "IT",
    vatNumber: "12345678901",
    requestDate: "2024-03-10T10:00:00.000Z",
    valid,
    requestIdentifier: valid ? "WAPIAAAAX" : "",
    name: valid ? "GIANNI SRL" : "---",
    address: valid ? "VIA MARCONI 123\nROMA" : "---",
    traderName: "---",
  });

async function readJson(request: IncomingMessage): Promise<unknown> {
  let text = "";
  for await (const part of request) text += part;
  return text === "" ? null : JSON.parse(text);
}

export async function startViesDouble(): Promise<ViesDouble> {
  const asked: Asked[] = [];
  let current: Reply = found(true);
  const server = createServer(async (request, response) => {
    const { method, url: path, headers } = request;
    asked.push({ method, path, contentType: headers["content-type"], body: await readJson(request) });
    current(response);
  });
  await new Promise<void>((listening) => server.listen(0, "127.0.0.1", listening));
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}/vies`,
    asked,
    reply(reply) {
      current = reply;
    },
    async close() {
      server.closeAllConnections();
      await new Promise((closed) => server.close(closed));
    },
  };
}
