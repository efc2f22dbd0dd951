import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { explain } from "../src/lib/failures";
import { inTime, TooLate } from "../src/lib/patience";
import { Repeated } from "../src/lib/repeated";
import { Searching } from "../src/state/searching";

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

const LIMIT_MS = 5000;
const pause = (ms: number) => new Promise<void>((resolve) => setTimeout(resolve, ms));
const never = () => new Promise<never>(() => undefined);

/** A view that searches; every answer takes so many milliseconds. */
function view(answerMs = 300) {
  const state = {
    busy: false,
    shown: "nothing",
    failure: undefined as unknown,
    refreshFailure: undefined as unknown,
    asked: 0,
    open: 0,
    mostOpen: 0,
  };
  const answer = async (what: string) => {
    state.asked += 1;
    state.open += 1;
    state.mostOpen = Math.max(state.mostOpen, state.open);
    await pause(answerMs);
    state.open -= 1;
    return () => void (state.shown = what);
  };
  const searching = new Searching(
    () => answer(`${state.shown} again`),
    {
      busy: (isBusy) => (state.busy = isBusy),
      failed: (error) => (state.failure = error),
      refreshFailed: (error) => (state.refreshFailure = error),
    },
    LIMIT_MS,
  );
  return { state, answer, searching };
}

describe("a search that somebody asked for", () => {
  it("is shown, and is over", async () => {
    const { state, answer, searching } = view();
    void searching.press(() => answer("rose"));
    expect(state.busy).toBe(true);
    await vi.advanceTimersByTimeAsync(300);
    expect(state).toMatchObject({ busy: false, shown: "rose" });
  });

  it("is over although something is written all the time, faster than the node answers", async () => {
    const { state, answer, searching } = view(1000);
    searching.refresh();
    await vi.advanceTimersByTimeAsync(10);
    void searching.press(() => answer("rose"));
    let waited = 0;
    for (; state.busy && waited < 60_000; waited += 100) {
      searching.refresh();
      await vi.advanceTimersByTimeAsync(100);
    }
    expect(waited).toBe(1000);
    expect(state.shown).toBe("rose");
  });

  it("is not hidden by what the page asked for itself before or meanwhile", async () => {
    const { state, answer, searching } = view();
    searching.refresh();
    void searching.press(async () => {
      await pause(100);
      return answer("rose");
    });
    searching.refresh();
    await vi.advanceTimersByTimeAsync(350);
    expect(state).toMatchObject({ busy: true, shown: "nothing" });
    await vi.advanceTimersByTimeAsync(50);
    expect(state).toMatchObject({ busy: false, shown: "rose" });
    // What was written meanwhile is looked for afterwards.
    await vi.advanceTimersByTimeAsync(1000);
    expect(state.shown).toBe("rose again");
  });

  it("gives way to a newer one alone, whatever becomes of the older", async () => {
    const { state, answer, searching } = view();
    void searching.press(async () => {
      await pause(100);
      throw new Error("the older one");
    });
    void searching.press(() => answer("rose"));
    await vi.advanceTimersByTimeAsync(200);
    expect(state).toMatchObject({ busy: true, failure: undefined });
    await vi.advanceTimersByTimeAsync(100);
    expect(state).toMatchObject({ busy: false, shown: "rose", failure: undefined });
  });

  it("is over when it fails, and what is shown stays", async () => {
    const { state, searching } = view();
    await searching.press(() => Promise.reject(new Error("no such point")));
    expect(state).toMatchObject({ busy: false, shown: "nothing", failure: new Error("no such point") });
  });

  it("is over when nobody ever answers", async () => {
    const { state, searching } = view();
    void searching.press(never);
    await vi.advanceTimersByTimeAsync(LIMIT_MS);
    expect(state.busy).toBe(false);
    expect(state.failure).toBeInstanceOf(TooLate);
  });
});

describe("what the page asks for by itself", () => {
  it("makes nobody wait, and says so when it fails", async () => {
    const { state, searching } = view();
    searching.refresh();
    await vi.advanceTimersByTimeAsync(100);
    expect(state.busy).toBe(false);
    const failing = new Searching(() => Promise.reject(new Error("gone")), {
      busy: (isBusy) => (state.busy = isBusy),
      failed: (error) => (state.failure = error),
      refreshFailed: (error) => (state.refreshFailure = error),
    });
    failing.refresh();
    await vi.advanceTimersByTimeAsync(1);
    expect(state).toMatchObject({ failure: undefined, refreshFailure: new Error("gone") });
  });

  it("is asked one at a time, and at most half of the time", async () => {
    const { state, searching } = view(1000);
    for (let at = 0; at < 195; at += 1) {
      searching.refresh();
      await vi.advanceTimersByTimeAsync(100);
    }
    expect(state.mostOpen).toBe(1);
    expect(state.asked).toBe(10);
  });

  it("goes on after one that nobody answered", async () => {
    let asked = 0;
    const searching = new Searching(
      () => ((asked += 1) === 1 ? never() : Promise.resolve(() => undefined)),
      { busy: () => undefined, failed: () => undefined, refreshFailed: () => undefined },
      LIMIT_MS,
    );
    searching.refresh();
    searching.refresh();
    await vi.advanceTimersByTimeAsync(2 * LIMIT_MS);
    expect(asked).toBe(2);
  });
});

describe("something that is repeated", () => {
  it("is done once more for everybody who asked meanwhile, also after a failure", async () => {
    const silent = vi.spyOn(console, "error").mockReturnValue(undefined);
    let done = 0;
    const repeated = new Repeated(async () => {
      await pause(10);
      if ((done += 1) === 1) throw new Error("the first time");
    });
    for (let time = 0; time < 5; time += 1) repeated.ask();
    await vi.advanceTimersByTimeAsync(1000);
    expect(done).toBe(2);
    expect(silent).toHaveBeenCalledOnce();
    repeated.ask();
    await vi.advanceTimersByTimeAsync(1000);
    expect(done).toBe(3);
    silent.mockRestore();
  });
});

describe("patience", () => {
  it("ends, and is explained as what took too long", async () => {
    await expect(inTime(Promise.resolve(7))).resolves.toBe(7);
    await expect(inTime(Promise.reject(new Error("no")))).rejects.toThrow("no");
    const late = inTime(never(), 50).catch((error: unknown) => error);
    await vi.advanceTimersByTimeAsync(50);
    expect(explain(await late).what).toBe("No answer came in time.");
    expect(explain(new DOMException("signal timed out", "TimeoutError")).what).toBe(
      "No answer came in time.",
    );
    expect(vi.getTimerCount()).toBe(0);
  });
});
