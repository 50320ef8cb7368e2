// A list of the server that is loaded with its page.

import { useEffect, useState } from "preact/hooks";
import * as api from "../api";

export function useList<T>(path: string): {
  rows: T[]; next: string | null; problem: string; loaded: boolean; reload: () => void; more: () => void;
} {
  const [found, set] = useState<{ rows: T[]; next: string | null } | null>(null);
  const [problem, setProblem] = useState("");
  const ask = async (after: string | null): Promise<void> => {
    try {
      const glue = path.includes("?") ? "&" : "?";
      const answer = await api.get<T[] | { rows: T[]; next?: string | null }>(
        after ? `${path}${glue}after=${encodeURIComponent(after)}` : path);
      const rows = Array.isArray(answer) ? answer : answer.rows;
      const next = Array.isArray(answer) ? null : answer.next ?? null;
      set((had) => ({ rows: after ? [...had?.rows ?? [], ...rows] : rows, next }));
      setProblem("");
    } catch (error) {
      setProblem((error as Error).message);
    }
  };
  useEffect(() => { void ask(null); }, [path]);
  return {
    rows: found?.rows ?? [], next: found?.next ?? null, problem, loaded: found !== null,
    reload: () => void ask(null), more: () => void ask(found?.next ?? null),
  };
}
