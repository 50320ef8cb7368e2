// Signing in: password, one-time code, and a password of one's own at the first time.

import { useEffect, useRef, useState } from "preact/hooks";
import * as api from "./api";
import { begin, ended } from "./session";
import { T } from "./texts";

type Step = "password" | "code" | "new_password";

export function SignIn() {
  const [step, setStep] = useState<Step>("password");
  const [email, setEmail] = useState("");
  const [secret, setSecret] = useState("");
  const [problem, setProblem] = useState("");
  const [busy, setBusy] = useState(false);
  const form = useRef<HTMLFormElement>(null);
  useEffect(() => {
    form.current?.querySelector<HTMLInputElement>("input:not([value]), input[value='']")?.focus();
  }, [step]);

  async function submit(event: Event): Promise<void> {
    event.preventDefault();
    if (busy) return;
    setBusy(true);
    setProblem("");
    try {
      const next = step === "password" ? await api.signIn("/sign-in", { email, password: secret })
        : step === "code" ? await api.signIn("/sign-in/code", { code: secret.replace(/\s/g, "") })
          : await api.signIn("/sign-in/password", { password: secret });
      setSecret("");
      if (next.step === "done") {
        ended.value = false;
        await begin();
      } else setStep(next.step);
    } catch (error) {
      const refused = error as api.Refused;
      setProblem(refused.code === "locked"
        ? T.locked(Math.max(1, Math.ceil(refused.retryAfter / 60))) : refused.message);
      if (step !== "password" && refused.code === "signed_out") setStep("password");
    } finally {
      setBusy(false);
    }
  }

  const title = step === "password" ? T.signIn : step === "code" ? T.code : T.newPassword;
  return (
    <main class="sign-in">
      <form ref={form} class="sign-in-card" onSubmit={submit}>
        <img src="/desk/icon.svg" alt="" width="44" height="44" />
        <h1>{title}</h1>
        <p class="soft">{ended.value && step === "password" ? T.ended : step === "password" ? T.signInHint
          : step === "code" ? T.codeHint : T.newPasswordHint}</p>
        {step === "password" && <div class="entry">
          <label for="email">{T.email}</label>
          <input id="email" type="email" autocomplete="username" required value={email}
            onInput={(event) => setEmail(event.currentTarget.value)} /></div>}
        <div class="entry" key={step}>
          <label for="secret">{step === "password" ? T.password : step === "code" ? T.code
            : T.newPasswordLabel}</label>
          {step === "code"
            ? <input id="secret" class="code" inputMode="numeric" autocomplete="one-time-code" required
              maxLength={7} value={secret} onInput={(event) => setSecret(event.currentTarget.value)} />
            : <input id="secret" type="password" required value={secret}
              autocomplete={step === "password" ? "current-password" : "new-password"}
              minLength={step === "password" ? undefined : 12}
              onInput={(event) => setSecret(event.currentTarget.value)} />}</div>
        {problem && <p class="problem" role="alert">{problem}</p>}
        <button type="submit" class="solid" aria-disabled={busy}>{step === "password" ? T.signInDo
          : step === "code" ? T.codeDo : T.newPasswordDo}</button>
      </form>
    </main>
  );
}
