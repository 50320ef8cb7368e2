// Files on their way into a reply.

import { useRef, useState } from "preact/hooks";
import { plainName } from "../../shared/links";
import * as api from "../api";
import { Icon } from "../icons";
import type { Attachment } from "../protocol";
import { T } from "../texts";

interface Upload { key: number; name: string; done?: Attachment; error?: string }

export interface Uploads {
  all: Upload[];
  ready: Attachment[];
  busy: boolean;
  add(files: Iterable<File>): void;
  remove(key: number): void;
  clear(): void;
}

export function useUploads(conversation: string): Uploads {
  const [all, set] = useState<Upload[]>([]);
  const keys = useRef(0);
  return {
    all,
    ready: all.flatMap((one) => one.done ?? []),
    busy: all.some((one) => !one.done && !one.error),
    add(files) {
      for (const file of files) {
        const key = (keys.current += 1);
        set((had) => [...had, { key, name: plainName(file.name) }]);
        const change = (what: Partial<Upload>): void =>
          set((had) => had.map((one) => (one.key === key ? { ...one, ...what } : one)));
        api.upload(conversation, file).then((done) => change({ done }),
          (error: Error) => change({ error: error.message }));
      }
    },
    remove(key) { set((had) => had.filter((one) => one.key !== key)); },
    clear() { set([]); },
  };
}

export function UploadList({ uploads }: { uploads: Uploads }) {
  return uploads.all.length ? (
    <ul class="uploads" aria-live="polite">
      {uploads.all.map((one) => (
        <li key={one.key} class={one.error ? "is-failed" : ""}>
          <Icon name={one.error ? "alert" : one.done ? "check" : "clock"} />
          <span dir="auto">{one.error ? `${one.name}: ${one.error}`
            : one.done ? one.name : T.uploading(one.name)}</span>
          <button type="button" class="tool" aria-label={T.removeFile(one.name)}
            onClick={() => uploads.remove(one.key)}><Icon name="close" /></button>
        </li>
      ))}
    </ul>
  ) : null;
}
