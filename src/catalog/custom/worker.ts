/** The thread in which scripts run: one piece after another, as they are sent. */
import { parentPort } from "node:worker_threads";
import { foldPiece, type Piece } from "./sandbox.ts";

parentPort?.on("message", (piece: Piece) => {
  foldPiece(piece).then(
    (folded) => parentPort?.postMessage(folded),
    (error: unknown) => parentPort?.postMessage({ failure: String(error) }),
  );
});
