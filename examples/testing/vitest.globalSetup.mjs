// Starts Fatrina for a run of vitest; tests read its report with inject("fatrina").
import { spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";

const COMMAND = ["serve", "--ephemeral", "--port", "0", "--admin-token", "auto", "--exit-with-parent"];

export default async function setup({ provide }) {
  const service = spawn(process.env.FATRINA ?? "fatrina", COMMAND, { stdio: ["ignore", "pipe", "inherit"] });
  const lines = createInterface({ input: service.stdout });
  const [line] = await Promise.race([
    once(lines, "line"),
    once(service, "exit").then(([code]) => { throw new Error(`fatrina ended with ${code}`); }),
  ]);
  provide("fatrina", JSON.parse(line));
  return async () => {
    service.kill("SIGTERM");
    await once(service, "exit");
  };
}
