// Files on their way to the server, before they are part of a message.

import { useEffect, useRef, useState } from "preact/hooks";
import { announce } from "../../shared/announce";
import * as api from "./api";
import { bytes } from "../../shared/format";
import { plainName } from "../../shared/links";
import type { Attachment, Limits } from "../../shared/protocol";
import { t } from "../../shared/texts";

const MOST_FILES = 5;
const PREVIEWED = /^image\/(jpeg|png|webp|gif)$/;

export interface Upload {
  key: number;
  file: File;
  name: string;
  share: number;
  preview: string | null;
  attachment?: Attachment;
  error?: string;
  /** Trying again could help. */
  again?: boolean;
  abort: () => void;
}

let keys = 0;

export function useUploads(limits: Limits) {
  const [uploads, set] = useState<Upload[]>([]);
  const latest = useRef(uploads);
  latest.current = uploads;

  const change = (key: number, what: Partial<Upload>): void =>
    set((all) => all.map((one) => (one.key === key ? { ...one, ...what } : one)));

  useEffect(() => () => { for (const one of latest.current) discard(one); }, []);

  function begin(key: number, file: File, name: string): void {
    const { done, abort } = api.upload(file, (share) => change(key, { share }));
    change(key, { abort, share: 0, error: undefined, again: false });
    done.then((attachment) => {
      change(key, { attachment, share: 1 });
      announce(t("upload_ready", { name }));
    }).catch((error: api.Refused) => {
      if (error.refusal?.code === "aborted") return;
      const known = error.status === 413 ? t("upload_too_large", { name, limit: bytes(limits.file_bytes) })
        : error.status === 415 ? t("upload_type", { name }) : t("upload_failed", { name });
      const reason = error.refusal?.text ?? known;
      change(key, { error: reason, again: error.status === 0 || error.status >= 500
        || error.status === 429 });
      announce(reason);
    });
  }

  return {
    uploads,
    busy: uploads.some((one) => !one.attachment && !one.error),
    ready: uploads.flatMap((one) => one.attachment ?? []),
    add(files: Iterable<File>): void {
      for (const file of files) {
        const key = (keys += 1);
        const name = plainName(file.name) || "file";
        const error = problem(file, name, limits, latest.current.length);
        const preview = PREVIEWED.test(file.type) && !error ? URL.createObjectURL(file) : null;
        const one: Upload = { key, file, name, share: 0, preview, error, abort: () => {} };
        latest.current = [...latest.current, one];
        set(latest.current);
        if (error) announce(error);
        else begin(key, file, name);
      }
    },
    again(one: Upload): void { begin(one.key, one.file, one.name); },
    remove(one: Upload): void {
      discard(one);
      set((all) => all.filter(({ key }) => key !== one.key));
      announce(t("upload_removed", { name: one.name }));
    },
    clear(): void {
      for (const one of latest.current) if (one.preview) URL.revokeObjectURL(one.preview);
      set([]);
    },
  };
}

function discard(one: Upload): void {
  one.abort();
  if (one.preview) URL.revokeObjectURL(one.preview);
}

function problem(file: File, name: string, limits: Limits, already: number): string | undefined {
  if (already >= MOST_FILES) return t("upload_too_many", { count: MOST_FILES });
  if (!file.size) return t("upload_empty", { name });
  if (file.size > limits.file_bytes) return t("upload_too_large", { name, limit: bytes(limits.file_bytes) });
  // Some systems know no type for a phone's photo; the server looks into the file anyway.
  if (file.type && !limits.file_types.includes(file.type)) return t("upload_type", { name });
  return undefined;
}
