// One dialog for whatever needs a few words: reasons, people, dates. It shows a refusal and keeps
// what was typed.

import { signal } from "@preact/signals";
import type { ComponentChildren } from "preact";
import { useEffect, useRef, useState } from "preact/hooks";
import { T } from "./texts";

export type Values = Record<string, string>;

export interface Field {
  name: string;
  label: string;
  kind: "text" | "area" | "select" | "password" | "number" | "checkbox" | "email" | "url";
  value?: string;
  hint?: string;
  required?: boolean;
  options?: readonly (readonly [string, string])[];
  autocomplete?: string;
  minLength?: number;
}

export interface Form {
  title: string;
  intro?: ComponentChildren;
  submit: string;
  tone?: "bad";
  fields: Field[];
  act: (values: Values) => Promise<unknown>;
}

const asked = signal<Form | null>(null);

export function openForm(form: Form): void { asked.value = form; }

export function FormDialog() {
  const form = asked.value;
  return form ? <Modal title={form.title} onClose={() => { asked.value = null; }}>
    <FormBody form={form} onDone={() => { if (asked.value === form) asked.value = null; }} />
  </Modal> : null;
}

/** A modal dialog: focus goes in, Escape closes, and focus returns to where it came from. */
export function Modal({ title, onClose, wide, children }:
{ title: string; onClose: () => void; wide?: boolean; children: ComponentChildren }) {
  const dialog = useRef<HTMLDialogElement>(null);
  useEffect(() => {
    const before = document.activeElement;
    const box = dialog.current!;
    box.showModal();
    return () => {
      // As long as it is open, nothing below it takes the focus.
      box.close();
      if (before instanceof HTMLElement && before.isConnected) before.focus();
    };
  }, []);
  return (
    <dialog ref={dialog} class={wide ? "modal modal-wide" : "modal"} aria-labelledby="modal-title"
      onClose={() => { if (dialog.current) onClose(); }}
      onMouseDown={(event) => { if (event.target === dialog.current) onClose(); }}>
      <h2 id="modal-title">{title}</h2>
      {children}
    </dialog>
  );
}

function FormBody({ form, onDone }: { form: Form; onDone: () => void }) {
  const [values, set] = useState<Values>(Object.fromEntries(
    form.fields.map(({ name, value, kind, options, required }) =>
      [name, value ?? (kind === "select" && required ? options?.[0]?.[0] : "") ?? ""])));
  const [busy, setBusy] = useState(false);
  const [error, setError] = useState("");

  async function submit(event: Event): Promise<void> {
    event.preventDefault();
    if (busy) return;
    setBusy(true);
    setError("");
    try {
      await form.act(values);
      onDone();
    } catch (problem) {
      setError((problem as Error).message);
    } finally {
      setBusy(false);
    }
  }

  return (
    <form onSubmit={submit} class="form">
      {form.intro && <p class="soft">{form.intro}</p>}
      {form.fields.map((field) => <Entry key={field.name} field={field} value={values[field.name] ?? ""}
        onChange={(value) => set((had) => ({ ...had, [field.name]: value }))} />)}
      {error && <p class="problem" role="alert">{error}</p>}
      <div class="form-ends">
        <button type="button" class="plain" onClick={onDone}>{T.cancel}</button>
        <button type="submit" class={`solid${form.tone === "bad" ? " solid-bad" : ""}`}
          aria-disabled={busy}>{form.submit}</button>
      </div>
    </form>
  );
}

export function Entry({ field, value, onChange }:
{ field: Field; value: string; onChange: (value: string) => void }) {
  const { name, label, kind, hint, required, options, autocomplete, minLength } = field;
  const id = `field-${name}`;
  const shared = {
    id, name, required, autocomplete, minLength, value,
    "aria-describedby": hint ? `${id}-hint` : undefined,
  };
  if (kind === "checkbox") {
    return (
      <label class="check"><input type="checkbox" name={name} checked={value === "1"}
        onChange={(event) => onChange(event.currentTarget.checked ? "1" : "")} />{label}</label>
    );
  }
  return (
    <div class="entry">
      <label for={id}>{label}</label>
      {kind === "area" ? <textarea {...shared} rows={4} dir="auto"
        onInput={(event) => onChange(event.currentTarget.value)} />
        : kind === "select" ? <select {...shared} onChange={(event) => onChange(event.currentTarget.value)}>
          {!required && !options?.some(([code]) => code === value) && <option value="" />}
          {options?.map(([code, words]) => <option key={code} value={code}>{words}</option>)}
        </select>
          : <input {...shared} type={kind} onInput={(event) => onChange(event.currentTarget.value)} />}
      {hint && <p class="fine" id={`${id}-hint`}>{hint}</p>}
    </div>
  );
}
