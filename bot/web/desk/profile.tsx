// One's own things: name, languages, looks, alerts, password and one-time codes.

import { correction, generate } from "lean-qr";
import { toSvgDataURL } from "lean-qr/extras/svg";
import type { Signal } from "@preact/signals";
import type { ComponentChildren } from "preact";
import { useState } from "preact/hooks";
import { LANGUAGES } from "../shared/languages";
import * as api from "./api";
import { Entry, openForm } from "./dialogs";
import { likes } from "./memory";
import { beHere, me, signOut } from "./session";
import { named, T } from "./texts";
import { toast } from "./toasts";

export function Profile() {
  const mine = me.value!;
  return (
    <>
      <header class="page-head"><h1>{T.profile}</h1>
        <div class="page-do"><button type="button" class="quiet" onClick={() => void signOut()}>
          {T.signOut}</button></div></header>
      <div class="settings">
        <Part title={mine.email} hint={named(mine.role)}>
          <Person />
        </Part>
        <Part title={T.status}>
          <Choice name="status" value={mine.status} options={[["online", named("online")],
            ["away", named("away")]]} onChange={(value) => void beHere(value)} />
        </Part>
        <Part title={T.appearance}>
          <Liked name="theme" liking={likes.theme} options={[["auto", T.themeAuto],
            ["light", T.themeLight], ["dark", T.themeDark]]} />
        </Part>
        <Part title={T.sendKey}>
          <Liked name="send" liking={likes.sendWith} options={[["enter", T.sendWithEnter],
            ["ctrl", T.sendWithCtrl]]} />
        </Part>
        <Part title={T.alerts}>
          <Tick liking={likes.sound} label={T.sound} />
          {"Notification" in window && <Tick liking={likes.notify} label={T.notifications}
            onTurn={(on) => { if (on) void Notification.requestPermission(); }} />}
          <Tick liking={likes.keys} label={T.singleKeys} />
        </Part>
        <Part title={T.security}>
          <button type="button" class="quiet" onClick={changePassword}>{T.changePassword}</button>
          <Totp />
        </Part>
      </div>
    </>
  );
}

function Part({ title, hint, children }:
{ title: string; hint?: string; children: ComponentChildren }) {
  return (
    <section class="setting"><div><h2>{title}</h2>{hint && <p class="soft">{hint}</p>}</div>
      <div class="setting-body">{children}</div></section>
  );
}

function Person() {
  const mine = me.value!;
  const [name, setName] = useState(mine.name);
  const [languages, speak] = useState(mine.languages);
  async function save(event: Event): Promise<void> {
    event.preventDefault();
    try {
      me.value = await api.change({ name, languages });
      toast(T.saved);
    } catch (error) {
      toast((error as Error).message, "bad");
    }
  }
  return (
    <form class="form" onSubmit={save}>
      <Entry field={{ name: "name", label: T.name, kind: "text", required: true, autocomplete: "name" }}
        value={name} onChange={setName} />
      <fieldset><legend>{T.languages}</legend><p class="fine">{T.languagesHint}</p>
        <div class="language-ticks">{Object.entries(LANGUAGES).map(([code, own]) => (
          <label class="check" key={code}><input type="checkbox" checked={languages.includes(code)}
            onChange={(event) => speak(event.currentTarget.checked ? [...languages, code]
              : languages.filter((one) => one !== code))} /><span lang={code}>{own}</span></label>
        ))}</div></fieldset>
      <div class="form-ends"><button type="submit" class="solid">{T.save}</button></div>
    </form>
  );
}

function Choice<V extends string>({ name, value, options, onChange }:
{ name: string; value: string; options: [V, string][]; onChange: (value: V) => void }) {
  return (
    <div class="choice" role="radiogroup">
      {options.map(([code, words]) => <label class="check" key={code}><input type="radio" name={name}
        checked={value === code} onChange={() => onChange(code)} />{words}</label>)}
    </div>
  );
}

function Liked<V extends string>({ name, liking, options }:
{ name: string; liking: Signal<V>; options: [V, string][] }) {
  return <Choice name={name} value={liking.value} options={options}
    onChange={(value) => { liking.value = value; }} />;
}

function Tick({ liking, label, onTurn }:
{ liking: Signal<boolean>; label: string; onTurn?: (on: boolean) => void }) {
  return (
    <label class="check"><input type="checkbox" checked={liking.value} onChange={(event) => {
      liking.value = event.currentTarget.checked;
      onTurn?.(liking.value);
    }} />{label}</label>
  );
}

function changePassword(): void {
  openForm({
    title: T.changePassword, submit: T.changePassword, fields: [
      { name: "old_password", label: T.oldPassword, kind: "password", required: true,
        autocomplete: "current-password" },
      { name: "new_password", label: T.newPasswordLabel, kind: "password", required: true,
        autocomplete: "new-password", minLength: 12, hint: T.newPasswordHint },
    ],
    act: async (values) => { me.value = await api.change(values); toast(T.passwordChanged); },
  });
}

function Totp() {
  const [setUp, begin] = useState<{ secret: string; uri: string } | null>(null);
  const [code, type] = useState("");
  const [problem, setProblem] = useState("");
  const mine = me.value!;
  async function confirm(event: Event): Promise<void> {
    event.preventDefault();
    try {
      await api.post("/me/totp/confirm", { code: code.replace(/\s/g, "") });
      me.value = { ...mine, totp: true };
      begin(null);
    } catch (error) {
      setProblem((error as Error).message);
    }
  }
  const end = (): void => openForm({
    title: T.totp, submit: T.totpEnd, tone: "bad",
    fields: [{ name: "password", label: T.password, kind: "password", required: true,
      autocomplete: "current-password" }],
    act: async (values) => { await api.remove("/me/totp", values); me.value = { ...mine, totp: false }; },
  });
  return (
    <div class="totp">
      <h3>{T.totp}</h3>
      <p class="soft">{mine.totp ? T.totpOn : T.totpOff}</p>
      {mine.totp ? <button type="button" class="quiet" onClick={end}>{T.totpEnd}</button>
        : !setUp && <button type="button" class="quiet" onClick={() => {
          api.post<{ secret: string; uri: string }>("/me/totp").then(begin,
            (error: Error) => setProblem(error.message));
        }}>{T.totpSetUp}</button>}
      {setUp && <form class="form" onSubmit={confirm}>
        <p>{T.totpScan}</p>
        <img class="qr" alt={T.totpQr} width="180" height="180"
          src={toSvgDataURL(generate(setUp.uri, { minCorrectionLevel: correction.M }))} />
        <p class="fine">{T.totpSecret} <code class="mono">{setUp.secret}</code></p>
        <Entry field={{ name: "code", label: T.code, kind: "text", required: true,
          autocomplete: "one-time-code" }} value={code} onChange={type} />
        <div class="form-ends"><button type="submit" class="solid">{T.totpConfirm}</button></div>
      </form>}
      {problem && <p class="problem" role="alert">{problem}</p>}
    </div>
  );
}
