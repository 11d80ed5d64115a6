/** The load generator: raw keep-alive connections that send bodies prepared beforehand, one request at a time each. */
import { connect } from "node:net";

const HEAD_END = Buffer.from("\r\n\r\n");

/** The request as bytes, ready to be written as often as wanted. */
export function prepareRequest(
  url: string,
  path: string,
  apiKey: string,
  body: string,
  contentType = "application/json",
): Buffer {
  const { host } = new URL(url);
  const bytes = Buffer.from(body);
  const head = `POST ${path} HTTP/1.1\r\nHost: ${host}\r\nAuthorization: Bearer ${apiKey}\r\nContent-Type: ${contentType}\r\nContent-Length: ${bytes.length}\r\n\r\n`;
  return Buffer.concat([Buffer.from(head), bytes]);
}

/** Sends all requests over `connections`; fails at the first answer that is not 200. */
export async function sendAll(url: string, requests: readonly Buffer[], connections: number): Promise<void> {
  let next = 0;
  const take = () => requests[next++];
  await Promise.all(Array.from({ length: connections }, () => drive(url, take)));
}

function drive(url: string, take: () => Buffer | undefined): Promise<void> {
  const { hostname, port } = new URL(url);
  return new Promise((done, fail) => {
    const socket = connect({ host: hostname, port: Number(port), noDelay: true });
    let received: Buffer[] = [];
    let missing = 0;
    const send = () => {
      const request = take();
      if (request === undefined) {
        socket.end();
        done();
      } else socket.write(request);
    };
    socket.once("connect", send);
    socket.on("error", fail);
    socket.on("data", (chunk: Buffer) => {
      received.push(chunk);
      missing = received.length === 1 ? missingAfter(chunk) : missing - chunk.length;
      if (missing > 0) return;
      const answer = Buffer.concat(received);
      received = [];
      if (answer.toString("latin1", 0, 12) !== "HTTP/1.1 200") {
        fail(new Error(answer.toString("utf8", 0, 800)));
        socket.destroy();
        return;
      }
      send();
    });
  });
}

/** Bytes of the answer that come after its first chunk; heads are short and arrive whole. */
function missingAfter(first: Buffer): number {
  const headEnd = first.indexOf(HEAD_END);
  const length = Number(/content-length: (\d+)/i.exec(first.toString("latin1", 0, headEnd))?.[1] ?? 0);
  return headEnd + 4 + length - first.length;
}
