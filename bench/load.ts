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

const READ_BYTES = 65_536;
const OK = "HTTP/1.1 200";

function drive(url: string, take: () => Buffer | undefined): Promise<void> {
  const { hostname, port } = new URL(url);
  return new Promise((done, fail) => {
    let missing = 0;
    const receive = (bytes: number, buffer: Buffer): boolean => {
      const chunk = buffer.subarray(0, bytes);
      if (missing > 0) missing -= bytes;
      else {
        if (chunk.toString("latin1", 0, OK.length) !== OK) {
          fail(new Error(chunk.toString("utf8", 0, 800)));
          socket.destroy();
          return false;
        }
        missing = missingAfter(chunk);
      }
      if (missing === 0) send();
      return true;
    };
    // One buffer for all answers: what the generator spends, the server lacks.
    const onread = {
      buffer: Buffer.allocUnsafe(READ_BYTES),
      callback: receive as (bytes: number, buffer: Uint8Array) => boolean,
    };
    const socket = connect({ host: hostname, port: Number(port), noDelay: true, onread });
    const send = () => {
      const request = take();
      if (request === undefined) {
        socket.end();
        done();
      } else socket.write(request);
    };
    socket.once("connect", send);
    socket.on("error", fail);
  });
}

/** Bytes of the answer that come after its first chunk; heads are short and arrive whole. */
function missingAfter(first: Buffer): number {
  const headEnd = first.indexOf(HEAD_END);
  const length = Number(/content-length: (\d+)/i.exec(first.toString("latin1", 0, headEnd))?.[1] ?? 0);
  return headEnd + 4 + length - first.length;
}
