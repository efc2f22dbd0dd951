// Ends what a test run started, whatever happened to the run.
//
// It reads lines: `+PID` for a process that runs, `-PID` for one that has ended, `/path` for a folder to remove. When its
// input ends, because the run is over, was interrupted or was killed, it kills the processes that are left, by their ids,
// and removes the folders.
import { rmSync } from "node:fs";
import { createInterface } from "node:readline";

const running = new Set();
const folders = [];

for await (const line of createInterface({ input: process.stdin })) {
  if (line.startsWith("+")) running.add(Number(line.slice(1)));
  else if (line.startsWith("-")) running.delete(Number(line.slice(1)));
  else folders.push(line);
}
for (const pid of running) {
  try {
    process.kill(pid, "SIGKILL");
  } catch {
    // It has ended by itself.
  }
}
for (const folder of folders)
  rmSync(folder, { recursive: true, force: true, maxRetries: 10, retryDelay: 200 });
