// Something that is shown once.

import { signal } from "@preact/signals";
import { useEffect } from "preact/hooks";
import { T } from "../texts";
import { toast } from "../toasts";

const shown = signal<{ title: string; secret: string; hint: string } | null>(null);

export function showSecret(title: string, secret: string, hint: string): void {
  shown.value = { title, secret, hint };
}

export function Secret() {
  // It is not for the next page, nor for whoever comes back to this one.
  useEffect(() => () => { shown.value = null; }, []);
  const one = shown.value;
  return one ? (
    <div class="secret" role="status">
      <p><strong>{one.title}</strong></p>
      <p><code class="mono">{one.secret}</code></p>
      <p class="fine">{one.hint}</p>
      <div class="form-ends">
        <button type="button" class="quiet" onClick={() => {
          navigator.clipboard.writeText(one.secret).then(() => toast("Copied"), () => {});
        }}>Copy</button>
        <button type="button" class="quiet" onClick={() => { shown.value = null; }}>{T.done}</button>
      </div>
    </div>
  ) : null;
}
